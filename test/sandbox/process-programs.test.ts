import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { createSandbox } from '../../src/sandbox/create-sandbox.ts';
import { encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { marked, marking, sandboxFor, sandboxOfImpostors } from '../support/impostors.ts';
import {
  batchOf,
  generousLimits,
  loadProgram,
  programText,
  scriptOf,
  shown,
} from '../support/job-runner.ts';

describe('a program', () => {
  test('whose chunks took the process down again and again is not run any more', async () => {
    const sandbox = sandboxOfImpostors();
    const program = await loadProgram(sandbox, marking);
    const other = { ...scriptOf(programText(marking)), key: 'javascript:other' } as const;
    expect(await sandbox.load(other, generousLimits)).toBeUndefined();
    const failure = expect.objectContaining({ kind: 'threw' });
    expect(shown(await sandbox.run(batchOf(program, ['exit', 'exit', 'exit'])))).toEqual([
      failure,
      failure,
      failure,
    ]);
    expect(shown(await sandbox.run(batchOf(program, ['a'])))).toEqual(['returned']);
    expect(await sandbox.load({ ...other, key: program }, generousLimits)).toEqual({
      kind: 'threw',
      detail: "3 of its chunks took the sandbox's process down",
    });
    expect(shown(await sandbox.run(batchOf(other.key, ['a'])))).toEqual(['a!']);
  });

  test('that takes the process down when it is looked at is refused', async () => {
    const sandbox = sandboxOfImpostors();
    const deadly = { ...scriptOf(programText(marking)), key: 'javascript:deadly' } as const;
    const detail = expect.stringMatching(/took the sandbox's process down.* exit code 7$/);
    expect(await sandbox.load(deadly, generousLimits)).toEqual({ kind: 'threw', detail });
    await loadProgram(sandbox, marking);
  });

  test('that the process has dropped is sent again, and not for ever', async () => {
    const sandbox = sandboxOfImpostors();
    const program = await loadProgram(sandbox, marking);
    expect(shown(await sandbox.run(batchOf(program, ['missed'])))).toEqual(['missed!']);
    expect(shown(await sandbox.run(batchOf(program, ['forgotten'])))).toEqual(['returned']);
  });

  test('that was never loaded has its chunks returned', async () => {
    const sandbox = sandboxFor();
    const outcomes = await sandbox.run(batchOf(scriptOf(programText(marking)).key, ['a']));
    expect(shown(outcomes)).toEqual(['returned']);
  });

  test('whose bytes can not be read is an error of whoever reads them', async () => {
    const sandbox = sandboxFor();
    const source = async (): Promise<never> => {
      throw new Error('no such blob');
    };
    const program = { ...scriptOf(programText(marking)), source };
    await expect(sandbox.load(program, generousLimits)).rejects.toThrow('no such blob');
    await marked(sandbox);
  });
});

describe('a process that can not be started', () => {
  test.each([
    [
      'there is no such program',
      join(import.meta.dirname, 'nowhere'),
      /can't be started: .*ENOENT/,
    ],
    ['it ends at once', process.execPath, /ended with exit code 9, saying: .*bad option/],
  ])('because %s is trouble that is shown, and nobody waits for it', async (_why, file, reason) => {
    const command = { file, arguments: ['--no-such-file.ts'], inherited: [] };
    const sandbox = createSandbox({ slots: 1 }, { command });
    onTestFinished(async () => sandbox.close());
    const script = scriptOf(programText(marking));
    // Not a failure of the script: nothing is wrong with it.
    await expect(sandbox.load(script, generousLimits)).rejects.toThrow(reason);
    expect(sandbox.stats().trouble).toMatch(reason);
    expect(shown(await sandbox.run(batchOf(script.key, ['a', 'b'])))).toEqual([
      'returned',
      'returned',
    ]);
    const { signal } = new AbortController();
    const split = sandbox.split(script.key, encodeCanonical({}), undefined, 'values', signal);
    await expect(split[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(reason),
    });
  });
});
