/**
 * For vitest, before each file: what sandboxes start is of the built package (`built-package.ts`)
 * where the sandbox itself is of the source. Else each process and each thread strips the types of
 * all its modules anew, which takes twice the time of its start.
 */

import { pathToFileURL } from 'node:url';

import { vi } from 'vitest';

import { builtArgument, builtPath } from './built-path.ts';

vi.mock(import('../../src/sandbox/process-command.ts'), async (original) => {
  const source = await original();
  return {
    ...source,
    processCommand: () => {
      const command = source.processCommand();
      return { ...command, arguments: command.arguments.map(builtArgument) };
    },
  };
});

vi.mock(import('../../src/sandbox/thread-start.ts'), async (original) => ({
  ...(await original()),
  threadUrl: (name) => pathToFileURL(builtPath(`src/sandbox/${name}.ts`)),
}));
