/**
 * What a person or a job may get wrong, told by the command line in one paragraph with what to do,
 * while the peer that was asked goes on. All commands here go to one peer, one after the other.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { type CommandResult, manyhands } from '../support/grid-process.ts';
import { expectGoesOn, squares } from '../support/small-job.ts';
import { sharedPeer } from '../support/shared-peer.ts';
import { tempDir } from '../support/temp-dir.ts';

const shared = sharedPeer();
const { dataPath } = shared;

function submit(...args: readonly string[]): Promise<CommandResult> {
  return manyhands(['--data', dataPath, 'submit', ...args]);
}

/** A job file of these parts, the rest of which is in order. */
function jobFile({
  split = 'function* split() { for (let n = 0; n < 10; n++) yield n; }',
  compute = 'function compute(n: number) { return n; }',
}: {
  split?: string;
  compute?: string;
}): string {
  const path = join(tempDir(), 'bad.ts');
  const merge =
    'async function merge(results: AsyncIterable<unknown>) { for await (const r of results); }';
  writeFileSync(path, [split, compute, merge].map((each) => `export ${each}\n`).join(''));
  return path;
}

/** What a person sees of a command that failed. */
function seen({ code, stdout, stderr }: CommandResult): object {
  const [, message = ''] = /^error: ([^]*)\n$/m.exec(stderr) ?? [];
  const paragraphs = message.split(/\n\s*\n/).length;
  return { code, stdout, message, paragraphs, stack: /^\s+at /m.test(stderr) };
}

/** One paragraph that fits, nothing on stdout, and not a line of a stack trace. */
function told(code: number, message: RegExp): object {
  const fits: unknown = expect.stringMatching(message);
  return { code, stdout: '', message: fits, paragraphs: 1, stack: false };
}

describe('a job that fails', () => {
  test.each<[what: string, parts: Parameters<typeof jobFile>[0], args: string[], words: RegExp]>([
    [
      'split yields nothing',
      { split: 'function* split() {}' },
      [],
      /split failed: Error: split yielded no chunks, and a job needs one; look at its parameters/,
    ],
    [
      'split goes on yielding',
      { split: 'function* split() { for (let n = 0; ; n++) yield n; }' },
      ['--max-chunks', '10000'],
      /split has yielded more than 10000 chunks\. If it does end, allow more with --max-chunks/,
    ],
    [
      'split yields what can not be sent',
      { split: 'function* split() { yield 0; yield { work: () => 1 }; }' },
      [],
      /chunk 1 that split yielded can't be sent: .*can't carry a function; it can carry null, /,
    ],
    [
      'compute throws',
      {
        compute:
          'function compute(n: number) { if (n === 7) throw new Error("no " + n); return n; }',
      },
      [],
      /^The job failed\. Chunk 7: the program failed \(.*\): Error: no 7\n`manyhands test` runs /,
    ],
    [
      'a result is over the limit',
      { compute: 'function compute(n: number) { return "x".repeat(n * 1000); }' },
      ['--result-limit', '8192'],
      // 8192 and the head that CBOR gives so many bytes.
      /the result has 9003 bytes as CBOR; this job allows 8197\n.*allow more with --result-limit/,
    ],
    [
      'compute takes too long',
      { compute: 'function compute(n: number) { for (; n === 3; ); return n; }' },
      ['--wall-limit', '1s'],
      /Chunk 3: .*longer than 1000 ms\nSplit the work .*--wall-limit/,
    ],
  ])('because %s says so, and the peer goes on', async (_what, parts, args, words) => {
    expect(seen(await submit(jobFile(parts), '--trust', 'all', ...args))).toEqual(told(4, words));
    await expectGoesOn(shared.peer);
  });
});

describe('a command that can not be done', () => {
  test('for an unknown job says where to find those that are known', async () => {
    expect(seen(await submit('no-such-job'))).toEqual(
      told(6, /no file or folder no-such-job here.*primes/),
    );
    const watched = await manyhands(['watch', 'c0ffee00', '--data', dataPath]);
    expect(seen(watched)).toEqual(told(6, /knows no job "c0ffee00"\. .*`manyhands jobs`/));
  });

  test('for a syntax error gives file, line, column and the line itself', async () => {
    const path = jobFile({ compute: 'function compute(n: number) {\n  return n +* 2;\n}' });
    const { code, stderr } = await submit(path);
    expect(stderr).toBe(
      `error: ${path}:3:13: Unexpected "*"\n    return n +* 2;\n              ^\n`,
    );
    expect(code).toBe(3);
  });

  test('for an input that is missing or no file says which', async () => {
    const missing = join(tempDir(), 'missing.txt');
    expect(seen(await submit('wordcount', '--input', missing))).toEqual(
      told(7, /Can't read the input .*missing\.txt: ENOENT.* Give --input a file that exists/),
    );
    expect(seen(await submit('wordcount', '--input', tempDir()))).toEqual(
      told(7, /it is not a file\. Give /),
    );
  });

  test('because a port is taken says how to take another', async () => {
    const join = (...args: readonly string[]): Promise<CommandResult> =>
      manyhands(['join', '--data', tempDir(), '--listen', '127.0.0.1:0', ...args]);
    expect(seen(await join('--listen', shared.peer.address))).toEqual(
      told(10, /^Port \d+ of 127\.0\.0\.1 is taken by another program.* listen on another port/),
    );
    expect(seen(await join('--metrics', shared.peer.address))).toEqual(
      told(10, /^Metrics can't be served at .* choose another with --metrics host:port/),
    );
  });

  test('because the identity is damaged says how to mend it, and leaves it alone', async () => {
    const data = tempDir();
    writeFileSync(join(data, 'identity.pem'), '-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n');
    const joined = await manyhands(['join', '--data', data, '--listen', '127.0.0.1:0']);
    expect(seen(joined)).toEqual(
      told(12, /^The identity file .* Restore the file from a backup, .*; or move it away/),
    );
    const submitted = await manyhands(['--data', data, 'submit', squares]);
    expect(submitted.stderr).toContain('The identity file');
    expect(submitted.code).toBe(12);
  });

  test('shows where it went wrong to those who ask with --verbose', async () => {
    const { code, stderr } = await submit('no-such-job', '--verbose');
    expect(stderr).toMatch(/^error: No job found: .*\n[^]*^\s+at /m);
    expect(code).toBe(6);
  });
});

test('none of all this left a trace of trouble in the log of the peer', async () => {
  await expectGoesOn(shared.peer);
  expect(shared.peer.log).not.toMatch(/"level":(50|60)|\\n\s+at /);
});
