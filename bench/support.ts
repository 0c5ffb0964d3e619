/** What the benchmarks share: grids of real processes, and figures that a machine can read back. */

import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readJob } from '../src/cli/job-source.ts';
import { submitTo } from '../src/cli/submission.ts';
import type { ChunkLimits } from '../src/model/job.ts';
import { limits } from '../src/model/limits.ts';
import type { Job } from '../src/transport/control-client.ts';
import {
  type PeerProcess,
  type PeerProcessOptions,
  spawnPeer,
} from '../test/support/peer-process.ts';

export type Figure = {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What was aimed at: at least, or at most, so much. */
  readonly aim?: { readonly atLeast: number } | { readonly atMost: number };
  /** The number does not hang on the machine: to miss the aim is a failure. */
  readonly mustMeet?: true;
};

export type Benchmark = {
  readonly about: string;
  run(): Promise<readonly Figure[]>;
};

type BenchPeer = Pick<PeerProcessOptions, 'slots'>;

/** Runs something on a grid that is ended and removed afterwards, whatever happens. */
export async function withGrid<Result>(
  peers: readonly [BenchPeer, ...BenchPeer[]],
  use: (requester: PeerProcess, add: (options: BenchPeer) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-bench-'));
  const started: PeerProcess[] = [];
  async function add(options: BenchPeer): Promise<void> {
    const through = started.slice(0, 1);
    const dataPath = join(folder, `${started.length}`);
    started.push(await spawnPeer({ ...options, through, dataPath }));
  }
  try {
    for (const options of peers) await add(options);
    await Promise.all(started.slice(1).map((peer) => peer.logged(/neighbour up/)));
    const [requester] = started;
    if (requester === undefined) throw new Error('no peer was started');
    return await use(requester, add);
  } finally {
    await Promise.all(started.map((peer) => peer.end()));
    await rm(folder, { recursive: true, force: true });
  }
}

export type BenchJob = {
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly quorum: number;
  readonly credibility?: Job['credibility'];
};

/** Submits a job and sees it through. */
export async function runJob(requester: PeerProcess, job: BenchJob): Promise<Job> {
  const jobId = await submitJob(requester, job);
  let last: Job | undefined;
  for await (const { job: state } of requester.control.watch({ jobId })) last = state ?? last;
  if (last?.state !== 'done') throw new Error(`the job failed: ${last?.failure ?? 'no state'}`);
  return last;
}

/** @returns its id */
export async function submitJob({ control }: PeerProcess, job: BenchJob): Promise<string> {
  const source = await readJob(job.path);
  return submitTo(control, {
    source,
    name: source.name,
    paramsJson: JSON.stringify(job.params),
    trust: { quorum: job.quorum, credibility: job.credibility ?? null },
    limits: chunkLimits,
    chunksMax: 10_000_000,
  });
}

export const chunkLimits: ChunkLimits = {
  wallMsMax: 30_000,
  memoryBytesMax: 256 * 1024 * 1024,
  resultBytesMax: limits.resultBytesMax,
  stderrBytesMax: limits.stderrBytesMax,
};

/** Of an odd number of values. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;
}

/** The most memory that a process ever had resident, in MB (10^6 bytes); Linux only. */
export async function peakMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return (Number(kib) * 1024) / 1e6;
}

/** The process of a peer's sandbox, the only one that a peer starts; Linux only. */
export async function sandboxOf(pid: number | undefined): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children === '' ? undefined : Number.parseInt(children, 10);
}
