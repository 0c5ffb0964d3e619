import { beforeEach, describe, expect, test } from 'vitest';

import { stubDataFolder } from '../../support/cli-fixtures.ts';
import {
  aDoneJob,
  aJob,
  aJobId,
  anotherPeerId,
  aPeerId,
  servePeer,
  serveResult,
} from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

describe('about jobs', () => {
  test('with none, says what to do next', async () => {
    await servePeer(data);
    expect((await runCli(['jobs'])).stdout.toString()).toContain('manyhands init');
  });

  test.each([80, 40])('the list fits %d columns', async (columns) => {
    await servePeer(data, {
      listJobs: () =>
        Promise.resolve({ jobs: [aJob({ name: 'a name that is longer than most' }), aDoneJob()] }),
    });
    const { stdout } = await runCli(['jobs'], { columns });
    const lines = stdout.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^c0ffee00 .*running/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test('JSON has all fields and no marker of the loader', async () => {
    await servePeer(data, { listJobs: () => Promise.resolve({ jobs: [aJob()] }) });
    const { stdout } = await runCli(['jobs', '--json']);
    expect(JSON.parse(stdout.toString())).toEqual([JSON.parse(JSON.stringify(aJob()))]);
  });

  test('one job is shown with who computed it', async () => {
    await serveResult(data, 'json', '7');
    const running = await runCli(['job', 'c0']);
    expect(running.stdout.toString()).toContain('99 of 100 chunks accepted');
    expect(running.stdout.toString()).toContain('trust      quorum:2');
    expect(running.stdout.toString()).not.toContain('compared');
  });

  test('who was caught is shown with what it returned, and what was right', async () => {
    const digest = '1'.repeat(64);
    const caught = [
      { peerId: aPeerId, chunk: 7, digest, expected: '2'.repeat(64) },
      { peerId: anotherPeerId, chunk: 8, digest, expected: '' },
      { peerId: anotherPeerId, chunk: 0, digest: '', expected: '' },
    ];
    await servePeer(data, {
      async *watch() {
        yield { job: aDoneJob({ caught }) };
      },
    });
    const { stdout } = await runCli(['job', 'c0']);
    expect(stdout.toString()).toContain(
      'caught     abcdefgh: returned 11111111 for chunk 7, not 22222222\n' +
        "           bcdefghi: returned 11111111 for chunk 8, which the job's verify refuted\n" +
        '           bcdefghi\n',
    );
    const document = JSON.parse((await runCli(['job', 'c0', '--json'])).stdout.toString());
    expect(document).toMatchObject({ caught });
  });

  test('watching ends with the summary, and fits 40 columns', async () => {
    await serveResult(data, 'json', '7');
    const { code, stdout, stderr } = await runCli(['watch', 'c0']);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'primes c0ffee00: 99 of 100 chunks accepted, 6 in flight, 1 disputed, 3 peers, ' +
        '12.5 chunks/s, 4.8 s left',
      'primes c0ffee00 done: 100 of 100 chunks accepted, 1 dispute, 3.2 s',
      'PEER             LEASED  ACCEPTED  LOST  LATE  FAILED  EXPIRED  COMPUTE',
      'abcdefgh (this)     120       100     0    18       0        2    3.3 s',
      'bcdefghi            100        99     1     0       0        0    2.5 s',
      '`manyhands result c0ffee00` prints its result.',
      '',
    ]);
  });

  test('watching as JSON is one line an event', async () => {
    await serveResult(data, 'json', '7');
    const { stdout, stderr } = await runCli(['watch', 'c0', '--json']);
    const events = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { type: 'progress', state: 'running', accepted: 99 },
      { type: 'progress', state: 'done', accepted: 100 },
    ]);
    expect(stderr).toBe('');
  });

  test.each([
    ['failed', 4, /The job failed\. Chunk 7 threw: no/],
    ['cancelled', 5, /was cancelled/],
    ['lost', 4, /Submit it again/],
  ])('watching a job that ends %s exits with %d and says why', async (state, code, reason) => {
    await servePeer(data, {
      async *watch() {
        yield { job: aDoneJob({ state, failure: 'Chunk 7 threw: no' }) };
      },
    });
    const watched = await runCli(['watch', 'c0']);
    expect(watched.code).toBe(code);
    expect(watched.stderr).toMatch(reason);
  });

  test('Ctrl-C while watching detaches, says how to watch again, and exits with 130', async () => {
    let isAborted = false;
    await servePeer(data, {
      async *watch(_request, signal) {
        yield { job: aJob() };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        isAborted = true;
      },
    });
    const { code, stderr } = await runCli(['watch', aJobId], {
      onStderr: (text) => {
        if (text.includes('40 of 100') && !text.includes('Detached')) process.emit('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(stderr).toContain('`manyhands watch c0ffee00` follows it again');
    await expect.poll(() => isAborted).toBe(true);
  });

  test('a peer that dies while it is watched is an error, not an end', async () => {
    await servePeer(data, {
      async *watch() {
        yield { job: aJob() };
      },
    });
    expect(await runCli(['watch', 'c0'])).toMatchObject({ code: 8 });
  });

  test('forget removes several at once, and says which', async () => {
    const forget = ({ jobId }: { jobId: string }) =>
      Promise.resolve({ jobId: jobId.padEnd(64, '0') });
    await servePeer(data, { forget });
    const { code, stdout } = await runCli(['forget', 'c0', 'b0']);
    expect([code, stdout.toString()]).toEqual([0, 'Forgot c0000000\nForgot b0000000\n']);
  });

  test('an unknown job has its own exit code', async () => {
    await servePeer(data);
    for (const command of ['job', 'watch', 'result', 'cancel', 'forget']) {
      expect(await runCli([command, 'ff'])).toMatchObject({
        code: 6,
        stderr: 'error: This peer knows no such job.\n',
      });
    }
  });
});
