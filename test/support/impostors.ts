/** Sandboxes whose processes may be taken over, and what they compute. */

import { join } from 'node:path';

import { expect, onTestFinished } from 'vitest';

import type { Sandbox } from '../../src/ports.ts';
import { createSandbox, type SandboxOptions } from '../../src/sandbox/create-sandbox.ts';
import { builtCommand, builtPath } from './built-path.ts';
import { batchOf, loadProgram, shown } from './job-runner.ts';
import { tempDir } from './temp-dir.ts';

const fakeProcess = builtPath('test/support/fake-process.ts');

/** Adds a mark to its input; "slow" takes a while. */
export const marking = `function compute(word) {
  if (word === 'slow') for (let n = 0; n < 1e8; n += 1);
  return word + '!';
}`;

export function sandboxFor(
  options: Partial<SandboxOptions> = {},
  ...fake: readonly string[]
): Sandbox {
  const command =
    fake.length === 0 ? builtCommand() : { file: process.execPath, arguments: fake, inherited: [] };
  const sandbox = createSandbox({ slots: 1, ...options }, { command });
  onTestFinished(async () => sandbox.close());
  return sandbox;
}

/** Whose first process may misbehave, and whose second one is real. */
export function sandboxWithImpostor(options: Partial<SandboxOptions> = {}): Sandbox {
  return sandboxFor(options, fakeProcess, join(tempDir(), 'was-here'));
}

/** Whose processes all may misbehave. */
export function sandboxOfImpostors(options: Partial<SandboxOptions> = {}): Sandbox {
  return sandboxFor(options, fakeProcess);
}

/** Resolves once the sandbox has a process that computes. */
export async function marked(sandbox: Sandbox): ReturnType<typeof loadProgram> {
  const program = await loadProgram(sandbox, marking);
  expect(shown(await sandbox.run(batchOf(program, ['first'])))).toEqual(['first!']);
  return program;
}
