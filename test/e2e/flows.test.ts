/** From a job's first line to its result, as people go through it: on one real peer. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type CommandResult, jobState, manyhands, withoutWorkOf } from '../support/grid-process.ts';
import { record } from '../support/peer-process.ts';
import { squares, sumOfSquares } from '../support/small-job.ts';
import { sharedPeer } from '../support/shared-peer.ts';
import { tempDir } from '../support/temp-dir.ts';

const shared = sharedPeer();
const { dataPath } = shared;

function onPeer(...args: readonly string[]): Promise<CommandResult> {
  return manyhands(['--data', dataPath, ...args]);
}

const jobIdPattern = /^[0-9a-f]{64}$/;

/** A job that runs until it is cancelled, as far as a test is concerned. */
const endless = [squares, 'count=100000', 'work=2000000', '--trust', 'all'];

test('submit with no peer running runs one for the job, and leaves none behind', async () => {
  const data = join(tempDir(), 'data');
  const args = ['primes', 'to=1e6', '--listen', '127.0.0.1:0'];
  const { code, stdout, stderr } = await manyhands(['--data', data, 'submit', ...args]);
  expect(stderr).toContain('No peer is running here: this one lasts as long as the job.');
  expect(stdout).toContain('78498');
  expect(code).toBe(0);
  expect(existsSync(join(data, 'control.sock'))).toBe(false);
  expect((await manyhands(['status', '--data', data])).code).toBe(8);
});

test('Ctrl-C leaves the job to the peer, says how to see it again, and it ends well', async () => {
  const count = 100;
  let interrupted = false;
  // Before it was interrupted the job must not end.
  const submitted = await withoutWorkOf([shared.peer], () =>
    manyhands(
      ['--data', dataPath, 'submit', squares, `count=${count}`, 'work=500000', '--trust', 'all'],
      (text, child) => {
        if (interrupted || !/: splitting | in flight/.test(text)) return;
        interrupted = true;
        child.kill('SIGINT');
      },
    ),
  );
  expect(submitted).toMatchObject({ code: 130, stdout: '' });
  const id = /`manyhands watch (\w+)` follows it again/.exec(submitted.stderr)?.[1] ?? '';
  expect(submitted.stderr).toMatch(/\nDetached; the job goes on\..*`manyhands cancel \w+` ends it/);
  const watched = await onPeer('watch', id);
  expect(watched.stderr).toContain(`done: ${count} of ${count} chunks accepted`);
  expect(watched.code).toBe(0);
  const result = await onPeer('result', id);
  expect(JSON.parse(result.stdout)).toEqual({ sum: sumOfSquares(count) });
});

test('submit --detach prints the id alone, and cancel ends the job for all who ask', async () => {
  const { code, stdout, stderr } = await onPeer('submit', ...endless, '--detach');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const jobId = stdout.trim();
  expect(jobId).toMatch(jobIdPattern);
  const watching = onPeer('watch', jobId.slice(0, 10));
  await jobState(shared.peer.control, jobId, ({ accepted }) => accepted > 0);
  expect(await onPeer('cancel', jobId)).toMatchObject({ code: 0, stderr: '' });
  expect(await watching).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/error: The job was cancelled\.\n$/),
  });
  expect(await onPeer('result', jobId)).toMatchObject({ code: 5, stdout: '' });
  expect((await onPeer('cancel', jobId)).stderr).toMatch(/^error: That job has ended already/);
});

test('two jobs at once each get their own result', async () => {
  const [first, second] = await Promise.all(
    [300, 200].map((count) =>
      onPeer('submit', squares, `count=${count}`, 'work=100000', '--trust', 'all'),
    ),
  );
  expect(JSON.parse(first?.stdout ?? '')).toEqual({ sum: sumOfSquares(300) });
  expect(JSON.parse(second?.stdout ?? '')).toEqual({ sum: sumOfSquares(200) });
});

test('a job of many pages is computed to its last chunk', async () => {
  const count = 10_000;
  const { code, stdout } = await onPeer('submit', squares, `count=${count}`, '--trust', 'all');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ sum: sumOfSquares(count) });
});

test('what init writes can be tested and submitted as it stands', async () => {
  const folder = join(tempDir(), 'pi');
  expect((await manyhands(['init', folder])).code).toBe(0);
  const tested = await manyhands(['test', folder, '--chunks', '2']);
  expect(tested.stdout).toContain('merged the first 2 chunks: json');
  expect(tested.code).toBe(0);
  const submitted = await onPeer('submit', folder, 'samples=3000000', '--trust', 'all');
  expect(record(JSON.parse(submitted.stdout))['pi']).toBeCloseTo(Math.PI, 2);
});

test('a picture goes to the file that --out names', async () => {
  const out = join(tempDir(), 'set.png');
  const size = ['width=64', 'height=48'];
  const { code, stdout } = await onPeer(
    'submit',
    'mandelbrot',
    ...size,
    '--trust=all',
    '--out',
    out,
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  expect([...readFileSync(out).subarray(0, 8)]).toEqual(signature);
});

test('with --json every command prints documents, one a line', async () => {
  const submitted = await onPeer('submit', squares, 'count=50', '--trust', 'all', '--json');
  expect(submitted.stderr).toBe('');
  const events = documents(submitted.stdout);
  const jobId = String(events[0]?.['jobId']);
  expect(events[0]).toMatchObject({ type: 'submitted', name: 'squares', quorum: 1 });
  expect(events.at(-2)).toMatchObject({ type: 'progress', state: 'done', accepted: 50 });
  expect(events.at(-1)).toEqual({
    type: 'result',
    jobId,
    kind: 'json',
    bytes: expect.any(Number),
    value: { sum: sumOfSquares(50) },
  });
  const asked = ['status', 'peers', 'jobs', `job ${jobId}`, `watch ${jobId}`, `result ${jobId}`];
  const answers = await Promise.all(
    asked.map((command) => onPeer(...command.split(' '), '--json')),
  );
  const [status, peers, jobs, ...ofJob] = answers.map(({ stdout }) => JSON.parse(stdout));
  expect(answers.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    asked.map(() => ({ code: 0, stderr: '' })),
  );
  expect(status).toMatchObject({ peerId: shared.peer.peer, addresses: [shared.peer.address] });
  expect(peers).toEqual([]);
  expect(jobs[0]).toMatchObject({ jobId, state: 'done' });
  for (const answer of ofJob) expect(answer).toMatchObject({ jobId });
  const unknown = await onPeer('job', 'ffff', '--json');
  expect(JSON.parse(unknown.stderr)).toMatchObject({ error: { code: 'unknown-job' } });
});

function documents(text: string): readonly Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => record(JSON.parse(line)));
}
