import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

test('a chunk that can not be stopped keeps its slot, and its thread is told of', async () => {
  const file = fileURLToPath(new URL('../support/stuck-process.ts', import.meta.url));
  const { signal, stdout } = await new Promise<{ signal: unknown; stdout: string }>((resolve) => {
    execFile(process.execPath, [file], (error, stdout) =>
      resolve({ signal: error?.signal, stdout }),
    );
  });
  expect(stdout.trim().split('\n')).toEqual([
    'a thread was told to end and still runs after 5000 ms',
  ]);
  expect(signal).toBe('SIGKILL');
});
