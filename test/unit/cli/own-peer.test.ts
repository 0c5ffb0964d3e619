/** Submitting with no peer running: a real one starts in this process, and ends with the job. */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

let data: string;
let job: string;

beforeEach(async () => {
  data = join(tempDir(), 'data');
  vi.stubEnv('MANYHANDS_DATA', data);
  vi.stubEnv('MANYHANDS_LISTEN', '127.0.0.1:0');
  job = join(tempDir(), 'squares.js');
  await writeFile(
    job,
    `export function* split({ n }) { for (let i = 0; i < n; i++) yield i; }
     export function compute(i) { if (i < 0) throw new Error('negative'); return i * i; }
     export async function merge(results, { asText }) {
       let sum = 0; for await (const r of results) sum += r;
       return asText ? 'sum ' + sum : sum;
     }`,
  );
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the job is done, its result alone is on stdout, and nothing is left running', async () => {
  const { code, stdout, stderr } = await runCli(['submit', job, 'n=5', 'asText=true']);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: 'sum 30' });
  expect(stderr).toContain('this one lasts as long as the job.\n');
  expect(stderr).toContain('Trust is "all": without --peer');
  expect(stderr).toMatch(/squares [0-9a-f]{8} done: 5 of 5 chunks accepted, 0 disputes/);
  expect(stderr).toMatch(/\(this\) +5 +5 +0/);
  expect(await readdir(data)).not.toContain('control.sock');
  expect(await runCli(['jobs'])).toMatchObject({ code: 8 });
});

test('two submitted at once in one data folder both come to their results', async () => {
  const submit = (n: number) => runCli(['submit', job, `n=${n}`, '--trust', 'all']);
  // Makes the data folder.
  await submit(1);
  const [one, two] = await Promise.all([submit(5), submit(6)]);
  expect([one.code, two.code, one.stdout.toString(), two.stdout.toString()]).toEqual([
    0,
    0,
    '30\n',
    '55\n',
  ]);
});

test('a job whose chunk fails says why, with exit code 4', async () => {
  await writeFile(job, (await readFile(job, 'utf8')).replace('i < 0', 'i > 1'));
  const { code, stdout, stderr } = await runCli(['submit', job, 'n=3']);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(/error: The job failed\. .*negative/);
  expect(stderr).not.toMatch(/\n +at /);
});

test('Ctrl-C once warns, twice cancels the job and ends with 130', async () => {
  let presses = 0;
  const { code, stderr } = await runCli(['submit', job, 'n=3', '--trust', 'quorum:2'], {
    onStderr: (text) => {
      const isDue = text.includes('Press Ctrl-C again') ? presses === 1 : presses === 0;
      if (!text.includes('chunks accepted') || !isDue) return;
      presses += 1;
      // Not from within the writing of a line.
      setImmediate(() => process.emit('SIGINT'));
    },
  });
  expect(code).toBe(130);
  expect(stderr).toContain('waits for 2 peers that agree, and this one knows no other');
  expect(stderr).toContain('ending it ends the job. Press Ctrl-C again');
  expect(stderr).toContain('The job was cancelled by Ctrl-C.');
  expect(await readdir(data)).not.toContain('control.sock');
});
