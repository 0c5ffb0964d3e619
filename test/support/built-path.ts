/** Where the programs are that tests start: built, if they were (`built-package.ts`). */

import { join } from 'node:path';

import type { Sandbox } from '../../src/ports.ts';
import { createSandbox, type SandboxOptions } from '../../src/sandbox/create-sandbox.ts';
import { processCommand, type ProcessCommand } from '../../src/sandbox/process-command.ts';

const root = join(import.meta.dirname, '../..');
/** Benchmarks run the source. */
const folder = process.env['MANYHANDS_BUILT'] ?? root;

/** @param path in the repository */
export function builtPath(path: string): string {
  if (folder === root) return join(root, path);
  return join(folder, path.replace(/^src\b/, 'dist').replace(/\.ts$/, '.js'));
}

/** A sandbox whose process is of the built package. */
export function builtSandbox(options: SandboxOptions): Sandbox {
  return createSandbox(options, { command: builtCommand() });
}

/** What starts the sandbox's process, as `processCommand` of the built package would. */
export function builtCommand(): ProcessCommand {
  const command = processCommand();
  return { ...command, arguments: command.arguments.map(builtArgument) };
}

/** Of the command line of a process of the source: the same of the built package. */
export function builtArgument(text: string): string {
  const source = join(root, 'src/');
  const at = text.indexOf(source);
  if (at < 0) return text;
  return text.slice(0, at) + builtPath(join('src', text.slice(at + source.length)));
}
