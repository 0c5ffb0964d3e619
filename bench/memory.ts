/**
 * What a peer takes of somebody's memory: a volunteer that waits for work, and a requester of a
 * million chunks. Of the package as it is installed; a peer that runs from the source tree holds
 * some 20 MB more, by which Node reads TypeScript.
 *
 * No more than `openChunksMax` chunks are ever open at a requester's tables, which is its bound on
 * memory; the others of the million wait in pages on disk. So the worst is measured: a million
 * undecided chunks, as many of them open as can be, each with a vote and one more lease out.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { readJob } from '../src/cli/job-source.ts';
import { jobId, peerId } from '../src/model/ids.ts';
import { limits } from '../src/model/limits.ts';
import { digestOf } from '../src/wire/digest.ts';
import { type WorkDigests, workDigests } from '../src/wire/work-digest.ts';
import buildPackage from '../test/support/built-package.ts';
import { type PeerProcess, spawnPeer } from '../test/support/peer-process.ts';
import { idle, type Memory, memoryOf } from './process-memory.ts';
import { ScriptedVolunteer } from './scripted-volunteer.ts';
import {
  type Benchmark,
  chunkLimits,
  type Figure,
  peakMegabytes,
  runJob,
  submitJob,
} from './support.ts';

const noOp = fileURLToPath(new URL('jobs/no-op.ts', import.meta.url));

const MILLION = 1_000_000;
const VOLUNTEER_MB_MAX = 120;
const REQUESTER_MB_MAX = 200;
/** After them a peer has nothing left to do of what was done last. */
const SETTLED_MS = 5_000;

export const memory: Benchmark = {
  about: 'resident memory of a peer and its sandbox: an idle volunteer, a requester of a million',
  async run() {
    const launcher = await builtLauncher();
    // Together, since they mostly wait.
    const figures = await Promise.all([
      withPeers(launcher, volunteer),
      withPeers(undefined, sourceVolunteer),
      withPeers(launcher, openChunks),
      withPeers(launcher, manyJobs),
    ]);
    return [...figures.flat(), ...(await withPeers(launcher, computedChunks))];
  },
};

type Start = (slots: number, name?: string) => Promise<Peer>;

type Peer = PeerProcess & { readonly pid: number };

/** Peers that are ended and removed afterwards; each joins through the first one. */
async function withPeers<Result>(
  launcher: string | undefined,
  use: (start: Start) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'manyhands-bench-'));
  const started: PeerProcess[] = [];
  async function start(slots: number, name = `${started.length}`): Promise<Peer> {
    const through = started.slice(0, 1);
    const build = launcher === undefined ? {} : { launcher };
    const peer = await spawnPeer({ ...build, slots, through, dataPath: join(folder, name) });
    started.push(peer);
    const { pid } = peer.process;
    if (pid === undefined) throw new Error('a peer without a process');
    return Object.assign(peer, { pid });
  }
  try {
    return await use(start);
  } finally {
    await Promise.all(started.map((peer) => peer.end()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command of a package that is built of the source as it is. */
async function builtLauncher(): Promise<string> {
  await buildPackage();
  // That is for tests, which start a thousand peers; what is measured here starts as a user's does.
  delete process.env['NODE_COMPILE_CACHE'];
  return join(process.env['MANYHANDS_BUILT'] ?? '', 'bin/manyhands.js');
}

async function sourceVolunteer(start: Start): Promise<Figure[]> {
  await start(0);
  const one = await start(1);
  await idle(one.pid);
  return each('volunteer from the source tree, idle', await memoryOf(one.pid));
}

async function volunteer(start: Start): Promise<Figure[]> {
  const requester = await start(0);
  await start(0);
  const one = await start(1);
  await delay(SETTLED_MS);
  const fresh = await memoryOf(one.pid);
  await idle(one.pid);
  const waiting = await memoryOf(one.pid);
  await runJob(requester, { path: noOp, params: { count: 10_000 }, quorum: 1 });
  await delay(SETTLED_MS);
  const after = await memoryOf(one.pid);
  await idle(one.pid);
  const waitingAgain = await memoryOf(one.pid);
  return [
    ...each('volunteer, just started', fresh),
    ...judged('volunteer, idle', waiting, VOLUNTEER_MB_MAX),
    ...each('volunteer, after a job', after),
    ...judged('volunteer, idle again', waitingAgain, VOLUNTEER_MB_MAX),
  ];
}

/** A million chunks are split, then as many are opened as can be, then the requester is killed. */
async function openChunks(start: Start): Promise<Figure[]> {
  const requester = await start(0, 'requester');
  const before = await memoryOf(requester.pid);
  const params = { count: MILLION };
  const job = jobId(await submitJob(requester, { path: noOp, params, quorum: 2 }));
  await splitEnd(requester, 1);
  const split = await memoryOf(requester.pid);
  await idle(requester.pid);
  const waiting = await memoryOf(requester.pid);

  const crowd = await Crowd.connect(requester);
  await crowd.open(job, limits.openChunksMax);
  await delay(SETTLED_MS);
  const open = await memoryOf(requester.pid);
  const peak = await peakMegabytes(requester.pid);

  await requester.end();
  const killedMs = performance.now();
  const again = await start(0, 'requester');
  const readyMs = performance.now() - killedMs;
  await delay(SETTLED_MS);
  const resumed = await memoryOf(again.pid);
  const resumedPeak = await peakMegabytes(again.pid);
  await crowd.close();
  return [
    ...each('requester, just started', before),
    ...each('a million chunks, just split', split),
    ...judged('a million chunks, none leased', waiting, REQUESTER_MB_MAX),
    ...judged(`of them ${limits.openChunksMax} leased, undecided`, open, REQUESTER_MB_MAX),
    { what: '  the most until then', value: peak, unit: 'MB' },
    ...judged('the same, killed and restarted', resumed, REQUESTER_MB_MAX),
    { what: '  the most until then', value: resumedPeak, unit: 'MB' },
    { what: '  from the start to being ready', value: readyMs / 1000, unit: 's' },
  ];
}

/** The bound is of all jobs: sixteen cost what one does. */
async function manyJobs(start: Start): Promise<Figure[]> {
  const requester = await start(0);
  const count = limits.openChunksMax;
  const jobs = Array.from({ length: 16 }, (_, number) => ({ count, number }));
  const ids: string[] = [];
  for (const params of jobs) {
    ids.push(await submitJob(requester, { path: noOp, params, quorum: 2 }));
  }
  await splitEnd(requester, jobs.length);
  await idle(requester.pid);
  const crowd = await Crowd.connect(requester);
  const [first = '', ...others] = ids;
  await crowd.open(jobId(first), limits.openChunksMax);
  for (const id of others) await crowd.open(jobId(id), limits.openChunksEachMin);
  await delay(SETTLED_MS);
  const open = await memoryOf(requester.pid);
  await crowd.close();
  return judged('16 jobs of 65536, all leased that can be', open, REQUESTER_MB_MAX);
}

async function computedChunks(start: Start): Promise<Figure[]> {
  const requester = await start(0);
  for (let volunteers = 0; volunteers < 2; volunteers++) await start(1);
  const job = await runJob(requester, { path: noOp, params: { count: MILLION }, quorum: 1 });
  const value = await peakMegabytes(requester.pid);
  return [
    { what: 'a million chunks accepted: the most', value, unit: 'MB', aim: { atMost: 200 } },
    { what: 'accepted chunks/s', value: (job.accepted * 1000) / job.wallMs, unit: '1/s' },
  ];
}

async function splitEnd({ control }: PeerProcess, count: number): Promise<void> {
  for (;;) {
    const { jobs } = await control.listJobs();
    if (jobs.filter(({ splitEnded }) => splitEnded).length === count) return;
    await delay(100);
  }
}

/** One that votes on all chunks, and many that have the second leases and never return them. */
class Crowd {
  readonly #voter: ScriptedVolunteer;
  readonly #holders: readonly ScriptedVolunteer[];

  static async connect({ peer, address }: PeerProcess): Promise<Crowd> {
    const requester = { peer: peerId(peer), address };
    const workOf = await workOfNoOp();
    const connect = () => ScriptedVolunteer.connect(requester, workOf);
    const count = limits.openChunksMax / limits.leasesHeldMax;
    const holders = await Promise.all(Array.from({ length: count }, connect));
    return new Crowd(await connect(), holders);
  }

  private constructor(voter: ScriptedVolunteer, holders: readonly ScriptedVolunteer[]) {
    this.#voter = voter;
    this.#holders = holders;
  }

  async open(job: ReturnType<typeof jobId>, count: number): Promise<void> {
    await this.#voter.compute(job, count);
    const held = Math.min(count, limits.leasesHeldMax);
    for (const holder of this.#holders.slice(0, count / held)) await holder.keep(job, held);
  }

  async close(): Promise<void> {
    await Promise.all([this.#voter, ...this.#holders].map((one) => one.close()));
  }
}

async function workOfNoOp(): Promise<WorkDigests> {
  const source = await readJob(noOp);
  if (source.runtime !== 'javascript') throw new Error('the no-op job is no script');
  return workDigests({ program: digestOf(source.script), limits: chunkLimits });
}

function judged(what: string, held: Memory, atMost: number): Figure[] {
  return [{ what, value: held.both, unit: 'MB', aim: { atMost } }, ...parts(held)];
}

function each(what: string, held: Memory): Figure[] {
  return [{ what, value: held.both, unit: 'MB' }, ...parts(held)];
}

function parts({ peer, sandbox, shared }: Memory): Figure[] {
  const share = { what: '  PSS of both', value: shared, unit: 'MB' };
  if (sandbox === 0) return [share];
  return [
    { what: '  peer', value: peer, unit: 'MB' },
    { what: '  sandbox', value: sandbox, unit: 'MB' },
    share,
  ];
}
