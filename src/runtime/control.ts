/** What the owner may ask of the running peer, over the control socket. */

import { setTimeout as delay } from 'node:timers/promises';

import { GridError, reasonOf } from '../model/errors.ts';
import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Clock, Sandbox, Store, StoredJob } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { Peer } from '../protocol/peer.ts';
import type { ControlHandler } from '../transport/control-server.ts';
import type { Job, Peer as PeerRow } from '../transport/control-client.ts';
import type { JobBook, JobRequest } from './job-book.ts';
import type { OwnJob } from './own-job.ts';

/** How often a watcher is told: often enough to look alive, seldom enough to cost nothing. */
const WATCH_EVERY_MS = 200;
/** A piece of a result on the control socket. */
const RESULT_PIECE_BYTES = 256 * 1024;

export type ControlComponents = {
  readonly self: PeerId;
  readonly peer: Peer;
  readonly jobs: JobBook;
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatch: (event: LocalEvent) => void;
  readonly addresses: () => readonly string[];
  readonly about: {
    readonly version: string;
    readonly grid: string;
    readonly dataPath: string;
    readonly metricsAddress: string;
  };
  /** The owner asked the peer to see its work through and stop. */
  readonly onFinish: () => void;
};

type Handled<Name extends keyof ControlHandler> = Awaited<ReturnType<ControlHandler[Name]>>;

export function createControl(components: ControlComponents): ControlHandler {
  const { jobs, dispatch, peer, clock } = components;
  const startedMs = clock.nowMs();
  return {
    submit: async (request) => ({ jobId: await jobs.submit(jobRequest(request)) }),
    watch: (request, signal) => watch(components, jobs.resolve(request.jobId), signal),
    result: (request) => result(components, jobs.resolve(request.jobId)),
    listJobs: async () => ({ jobs: jobs.list().map((job) => jobRow(components, job)) }),
    cancel: async ({ jobId }) => {
      const { job, state } = jobs.resolve(jobId);
      const own = jobs.ownJob(job);
      if (own === undefined) throw new GridError('usage', `That job has ended already: ${state}.`);
      own.cancel();
      return { jobId: job };
    },
    listPeers: async () => ({ peers: peerRows(peer) }),
    status: async () => status(components, startedMs),
    pause: async ({ durationMs }) => {
      const untilMs = clock.nowMs() + durationMs;
      dispatch(durationMs > 0 ? { type: 'pause', untilMs } : { type: 'pause' });
      return {};
    },
    resume: async () => {
      dispatch({ type: 'resume' });
      return {};
    },
    finish: async () => {
      const leasesHeld = peer.status().leasesHeld;
      components.onFinish();
      return { leasesHeld, jobsRunning: jobs.running.length };
    },
  };
}

/** Bounds that do not come from a stranger, but from whatever speaks to the socket. */
function jobRequest(request: Parameters<ControlHandler['submit']>[0]): JobRequest {
  const refuse = (what: string): never => {
    throw new GridError('usage', what);
  };
  const { name, program, inputPath, quorum } = request;
  if (name === '' || name.length > limits.nameCharsMax) {
    refuse(`A job's name has 1 to ${limits.nameCharsMax} characters.`);
  }
  if (program.length === 0 || program.length > limits.programBytesMax) {
    refuse(
      `A job's program has 1 to ${limits.programBytesMax} bytes; this one has ${program.length}.`,
    );
  }
  if (quorum < 1 || quorum > limits.quorumMax)
    refuse(`A quorum is from 1 to ${limits.quorumMax} peers.`);
  const resultBytesMax = request.resultBytesMax;
  if (resultBytesMax < 1 || resultBytesMax > limits.resultBytesMax) {
    refuse(`A result may have up to ${limits.resultBytesMax} bytes.`);
  }
  const { chunksMax } = request;
  if (chunksMax < 1 || chunksMax > limits.jobChunksMax) {
    refuse(`A job may have up to ${limits.jobChunksMax} chunks.`);
  }
  if (request.wallMsMax < 1) refuse('A chunk needs some time: the wall limit is 0.');
  if (request.memoryBytesMax < 1) refuse('A chunk needs some memory: the memory limit is 0.');
  return {
    name,
    program,
    params: parseParams(request.paramsJson),
    inputPath: inputPath === '' ? undefined : inputPath,
    trust: { quorum },
    limits: {
      wallMsMax: request.wallMsMax,
      memoryBytesMax: request.memoryBytesMax,
      resultBytesMax,
    },
    chunksMax,
  };
}

function parseParams(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json);
  } catch (error) {
    throw new GridError('usage', `The parameters are no JSON: ${reasonOf(error)}.`);
  }
}

async function* watch(
  components: ControlComponents,
  kept: StoredJob,
  signal: AbortSignal,
): AsyncGenerator<Handled<'watch'> extends AsyncIterable<infer Row> ? Row : never> {
  const own = components.jobs.ownJob(kept.job);
  if (own === undefined) {
    yield { job: jobRow(components, kept) };
    return;
  }
  while (!signal.aborted) {
    const changed = own.changes.next();
    yield { job: jobRow(components, own.stored, own) };
    if (own.state !== 'running' && own.state !== 'merging') return;
    const waiting = new AbortController();
    const pause = delay(WATCH_EVERY_MS, undefined, { signal: waiting.signal }).catch(
      () => undefined,
    );
    await Promise.race([changed, pause]);
    waiting.abort();
  }
}

async function* result(
  { store }: ControlComponents,
  { state, output, failure, job }: StoredJob,
): AsyncGenerator<{ piece: Buffer; kind: string }> {
  if (output === undefined) {
    throw new GridError(
      state === 'cancelled' ? 'job-cancelled' : 'job-failed',
      state === 'running' || state === 'merging'
        ? `The job is not done yet. \`manyhands watch ${job.slice(0, 8)}\` waits for it.`
        : `The job has no result: it is ${state}. ${failure ?? ''}`.trim(),
    );
  }
  const value = await store.getBlob(output.blob);
  if (value === undefined) {
    throw new GridError('store-failed', 'The result is gone from the disk. Submit the job again.');
  }
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  let offset = 0;
  do {
    yield { piece: bytes.subarray(offset, offset + RESULT_PIECE_BYTES), kind: output.kind };
    offset += RESULT_PIECE_BYTES;
  } while (offset < bytes.length);
}

function jobRow(components: ControlComponents, kept: StoredJob, watched?: OwnJob): Job {
  const { peer, clock, self, jobs } = components;
  const own = watched ?? jobs.ownJob(kept.job);
  const run = own === undefined ? undefined : peer.ownJob(kept.job);
  const progress = run?.progress(clock.nowMs());
  const report = kept.report ?? run?.report(clock.nowMs());
  const row: Omit<Job, 'remainingMs' | '_remainingMs'> = {
    jobId: kept.job,
    name: kept.spec.name,
    state: kept.state,
    chunks: progress?.chunks ?? report?.chunks ?? 0,
    splitEnded: progress?.splitEnded ?? true,
    accepted: progress?.accepted ?? report?.accepted ?? 0,
    inFlight: progress?.inFlight ?? 0,
    disputed: progress?.disputed ?? 0,
    peers: progress?.peers ?? 0,
    chunksPerSecond: progress?.chunksPerSecond ?? 0,
    stalled: stalled(components, progress?.stalled, progress?.peers ?? 0),
    failure: kept.failure ?? '',
    disputes: report?.disputes ?? 0,
    wallMs: report?.wallMs ?? 0,
    createdAtMs: kept.spec.createdAtMs,
    quorum: kept.spec.trust.quorum,
    contributions: (report?.contributions ?? []).map(({ peer: peerId, ...counts }) =>
      Object.assign({ peerId, self: peerId === self }, counts),
    ),
  };
  return progress?.remainingMs === undefined
    ? row
    : { ...row, remainingMs: progress.remainingMs, _remainingMs: 'remainingMs' };
}

/** The machine knows why a job stalls; who else could help is known here. */
function stalled(
  { peer, sandbox }: ControlComponents,
  reason: string | undefined,
  peers: number,
): string {
  if (reason === undefined) return '';
  const { mode, neighbours } = peer.status();
  const notes = [reason];
  if (peers === 0 && sandbox.slots > 0 && mode === 'paused') notes.push('this peer is paused');
  if (neighbours.size === 0) notes.push('no other peer is connected');
  return notes.join('; ');
}

function peerRows(peer: Peer): PeerRow[] {
  const { neighbours, known, volunteers, requesters } = peer.status();
  const ids = new Set([...neighbours.keys(), ...volunteers, ...requesters, ...known.keys()]);
  return [...ids].map((id) => ({
    peerId: id,
    addresses: [...(neighbours.get(id) ?? known.get(id) ?? [])],
    neighbour: neighbours.has(id),
    volunteer: volunteers.has(id),
    requester: requesters.includes(id),
  }));
}

function status(components: ControlComponents, startedMs: number): Handled<'status'> {
  const { self, peer, sandbox, clock, about, addresses } = components;
  const now = peer.status();
  const { slotsBusy } = sandbox.stats();
  const { state, reason } = activity(components);
  const pausedMs = now.pausedUntilMs - clock.nowMs();
  return {
    ...about,
    peerId: self,
    pid: process.pid,
    addresses: [...addresses()],
    state,
    reason,
    ...(now.mode === 'paused' && Number.isFinite(pausedMs)
      ? { pausedUntilMs: Math.round(clock.unixMs() + pausedMs) }
      : {}),
    slots: sandbox.slots,
    slotsBusy,
    leasesHeld: now.leasesHeld,
    neighbours: now.neighbours.size,
    knownPeers: now.known.size,
    offers: now.offers.open,
    replicasReturned: now.replicasReturned,
    computeSeconds: now.computeSeconds,
    uptimeMs: Math.round(clock.nowMs() - startedMs),
  };
}

function activity({ peer, sandbox, jobs }: ControlComponents): { state: string; reason: string } {
  const { mode, offers, leasesHeld, neighbours, declined, requesters } = peer.status();
  if (mode === 'paused') return { state: 'paused', reason: 'its owner asked for it' };
  if (mode === 'finishing') {
    const left = `${leasesHeld} leases to return, ${jobs.running.length} own jobs to see through`;
    return { state: 'finishing', reason: left };
  }
  if (sandbox.stats().slotsBusy > 0 || leasesHeld > 0) return { state: 'computing', reason: '' };
  const refused = [...new Set(declined.values())].join('; ');
  if (offers.open > 0 && refused !== '') return { state: 'idle', reason: `declined: ${refused}` };
  if (requesters.length > 0) {
    return { state: 'idle', reason: 'the jobs it knows have no chunk to lease now' };
  }
  if (offers.open > 0) return { state: 'idle', reason: 'connecting to the requesters it knows of' };
  return {
    state: 'idle',
    reason: neighbours.size === 0 ? 'no other peer is connected' : 'no job is offered',
  };
}
