/** Grids of real processes that end with the test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { onTestFinished } from 'vitest';

import type { ControlClient, Job, JobContribution } from '../../src/transport/control-client.ts';
import { launcher, type PeerProcess, type PeerProcessOptions, spawnPeer } from './peer-process.ts';
import { tempDir } from './temp-dir.ts';

export type { PeerProcess } from './peer-process.ts';

type PeerOptions = Omit<PeerProcessOptions, 'dataPath'>;

export async function startPeer(options: PeerOptions = {}): Promise<PeerProcess> {
  const peer = await spawnPeer({ ...options, dataPath: tempDir() });
  onTestFinished(() => peer.end());
  return peer;
}

/** Three peers; the first is whom the others join through. */
export async function startGrid(
  own: PeerOptions = {},
  second: PeerOptions = {},
  third: PeerOptions = {},
): Promise<[PeerProcess, PeerProcess, PeerProcess]> {
  const first = await startPeer(own);
  const join = async (options: PeerOptions): Promise<PeerProcess> => {
    const peer = await startPeer({ ...options, through: [first] });
    await peer.logged(/neighbour up/);
    return peer;
  };
  return [first, ...(await Promise.all([join(second), join(third)]))];
}

/**
 * Has peers compute nothing while something goes on. Who is faster differs from one run to the
 * next: a job that needs them can't end before those have come to it whom a test is about.
 */
export async function withoutWorkOf<Result>(
  peers: readonly PeerProcess[],
  goesOn: () => Promise<Result>,
): Promise<Result> {
  await Promise.all(peers.map(({ control }) => control.pause({ durationMs: 0 })));
  const result = await goesOn();
  await Promise.all(peers.map(({ control }) => control.resume()));
  return result;
}

/** Waits until each of them has returned more than so many results of a job; fails if it ends. */
export async function haveReturned(
  peers: readonly PeerProcess[],
  { control }: PeerProcess,
  jobId: string,
  count = 0,
): Promise<void> {
  await jobState(control, jobId, ({ contributions }) =>
    peers.every(({ peer }) =>
      contributions.some(({ peerId, returned }) => peerId === peer && returned > count),
    ),
  );
}

export type CommandResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Runs a command to its end.
 * @param onStderr is told all of it so far, and may kill the process
 * @param stdin what is piped into it
 */
export async function manyhands(
  args: readonly string[],
  onStderr?: (text: string, child: ChildProcess) => void,
  stdin = '',
): Promise<CommandResult> {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: 'pipe' });
  child.stdin.end(stdin);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onStderr?.(stderr, child);
  });
  const [code] = await once(child, 'close');
  return { code: Number(code ?? -1), stdout, stderr };
}

/** What a peer did for a job; undefined if it was leased nothing of it. */
export function contributionOf(job: Job, { peer }: PeerProcess): JobContribution | undefined {
  return job.contributions.find(({ peerId }) => peerId === peer);
}

/** The first state of a job that fits; fails if it ends before. */
export async function jobState(
  control: ControlClient,
  jobId: string,
  fits: (job: Job) => boolean,
): Promise<Job> {
  let last: Job | undefined;
  for await (const { job } of control.watch({ jobId })) {
    if (job === null) continue;
    last = job;
    if (fits(job)) return job;
  }
  throw new Error(`the job never came to that state: ${JSON.stringify(last)}`);
}
