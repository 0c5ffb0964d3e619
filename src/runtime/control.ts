/** What the owner may ask of the running peer, over the control socket. */

import { setTimeout as delay } from 'node:timers/promises';

import type { AuditSeal } from '../model/audit.ts';
import type { Caught, Trust } from '../model/job.ts';
import { GridError } from '../model/errors.ts';
import type { JobId, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Clock, Sandbox, Store, StoredJob } from '../ports.ts';
import type { SignedReceipt } from '../model/receipt.ts';
import type { Signed } from '../model/signed.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { Peer } from '../protocol/peer.ts';
import type { ControlHandler } from '../transport/control-server.ts';
import type {
  Caught as CaughtRow,
  Job,
  Peer as PeerRow,
  Receipt,
} from '../transport/control-client.ts';
import { exportAudit } from './audit-export.ts';
import { resultInParts, wholeResult } from './final-result.ts';
import type { JobBook } from './job-book.ts';
import { jobRequest } from './job-request.ts';
import type { OwnJob } from './own-job.ts';

/** How often a watcher is told: often enough to look alive, seldom enough to cost nothing. */
const WATCH_EVERY_MS = 200;
/** Declined offers that `status` tells of. */
const DECLINED_SHOWN_MAX = 20;
/** Peers that are refused: those that `status` tells of, and the others that `peers` lists. */
const REFUSED_SHOWN_MAX = 20;
const UNDELIVERED_SHOWN_MAX = 20;
const REFUSED_LISTED_MAX = 256;
/** Of a backup, in one message. */
const PIECE_BYTES = 256 * 1024;
const PUT_BYTES_MAX = Math.max(limits.moduleBytesMax, limits.dataBytesMax);

export type ControlComponents = {
  readonly self: PeerId;
  readonly peer: Peer;
  readonly jobs: JobBook;
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: Clock;
  /** What the data folder holds, and may hold. */
  readonly disk: { readonly bytes: number; readonly bytesMax: number };
  readonly dispatch: (event: LocalEvent) => void;
  /** With this peer's key. */
  readonly signSeal: (job: JobId, seal: AuditSeal) => Signed;
  readonly backup: () => Uint8Array;
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
    putBlob: (pieces) => components.store.putBlobPieces(boundedBlob(pieces)),
    submit: async (request) => ({ jobId: await jobs.submit(jobRequest(request)) }),
    watch: (request, signal) => watch(components, jobs.resolve(request.jobId), signal),
    result: ({ jobId, parts }) => {
      const job = jobs.resolve(jobId);
      return parts ? resultInParts(components.store, job) : wholeResult(components.store, job);
    },
    exportAudit: ({ jobId, withInputs }) =>
      auditPieces(components, jobs.resolve(jobId), withInputs),
    listJobs: async () => ({ jobs: jobs.list().map((job) => jobRow(components, job)) }),
    cancel: async ({ jobId }) => {
      const { job, state } = jobs.resolve(jobId);
      const own = jobs.ownJob(job);
      if (own === undefined) throw new GridError('usage', `That job has ended already: ${state}.`);
      own.cancel();
      await components.store.sync();
      return { jobId: job };
    },
    exportBackup: () => inPieces(components.backup()),
    forget: async ({ jobId }) => ({ jobId: jobs.forget(jobId) }),
    listPeers: async () => ({ peers: peerRows(peer) }),
    listReceipts: async () => ({ receipts: components.store.listReceipts().map(receiptRow) }),
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

async function* auditPieces(
  { store, signSeal }: ControlComponents,
  job: StoredJob,
  withInputs: boolean,
): AsyncGenerator<{ piece: Uint8Array }> {
  for await (const piece of exportAudit(job, withInputs, { store, sign: signSeal })) {
    yield { piece };
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<{ piece: Buffer }> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield { piece: Buffer.from(bytes.subarray(at, at + PIECE_BYTES)) };
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

/** Under the bounds of all that may be put; which of them holds is only known at the submit. */
async function* boundedBlob(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > PUT_BYTES_MAX) {
      throw new GridError(
        'usage',
        `A program or a data file has up to ${PUT_BYTES_MAX} bytes, and this has more. Give what ` +
          'only some chunks need as their input.',
      );
    }
    yield piece;
  }
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
    stalled: stalled(components, kept.job, progress?.stalled, progress?.peers ?? 0),
    failure: kept.failure ?? '',
    disputes: report?.disputes ?? 0,
    wallMs: report?.wallMs ?? 0,
    createdAtMs: kept.spec.createdAtMs,
    quorum: kept.spec.trust.quorum,
    credibility: credibilityRow(kept.spec.trust),
    caught: (report?.caught ?? []).map(caughtRow),
    comparison: kept.spec.comparison,
    contributions: (report?.contributions ?? []).map(({ peer: peerId, ...counts }) =>
      Object.assign({ peerId, self: peerId === self }, counts),
    ),
  };
  return progress?.remainingMs === undefined
    ? row
    : { ...row, remainingMs: progress.remainingMs, _remainingMs: 'remainingMs' };
}

function caughtRow({ peer: peerId, chunk = 0, digest, expected }: Caught): CaughtRow {
  return { peerId, chunk, digest: digest ?? '', expected: expected ?? '' };
}

function credibilityRow({ credibility }: Trust): Job['credibility'] {
  if (credibility === undefined) return null;
  const { errorRate, assumeFaulty, identities } = credibility;
  return { errorRate, assumeFaulty, identitiesScarce: identities === 'scarce' };
}

/** The machine knows why a job stalls; who else could help is known here. */
function stalled(
  { self, peer, sandbox }: ControlComponents,
  job: JobId,
  reason: string | undefined,
  peers: number,
): string {
  if (reason === undefined) return '';
  const { mode, neighbours, declined } = peer.status();
  const notes = [reason];
  if (peers === 0 && sandbox.slots > 0 && mode === 'paused') notes.push('this peer is paused');
  const own = declined.find(({ requester, job: other }) => requester === self && other === job);
  if (peers === 0 && own !== undefined) {
    notes.push(`this peer declines it: it ${own.reason} (the peer's --max options say how much)`);
  }
  if (neighbours.size === 0) notes.push('no other peer is connected');
  return notes.join('; ');
}

function peerRows(peer: Peer): PeerRow[] {
  const { neighbours, known, volunteers, requesters, refused } = peer.status();
  const refusals = new Map(
    refused.slice(0, REFUSED_LISTED_MAX).map((each) => [each.peer, each.why]),
  );
  const ids = new Set([
    ...neighbours.keys(),
    ...volunteers,
    ...requesters,
    ...known.keys(),
    ...refusals.keys(),
  ]);
  return [...ids].map((id) => {
    const { addresses = [], features = [] } = (neighbours.get(id) ?? known.get(id))?.record ?? {};
    return {
      peerId: id,
      addresses: [...addresses],
      features: [...features],
      neighbour: neighbours.has(id),
      volunteer: volunteers.has(id),
      requester: requesters.includes(id),
      refused: refusals.get(id) ?? '',
    };
  });
}

function receiptRow({ receipt, signed }: SignedReceipt): Receipt {
  const { requester, job: jobId, name, chunks, computeSeconds, issuedAtMs } = receipt;
  const row = { requester, jobId, name, chunks, computeSeconds, issuedAtMs };
  const payload = Buffer.from(signed.payload);
  const publicKey = Buffer.from(signed.publicKey);
  return { ...row, payload, publicKey, signature: Buffer.from(signed.signature) };
}

function status(components: ControlComponents, startedMs: number): Handled<'status'> {
  const { self, peer, sandbox, clock, about, addresses, disk } = components;
  const now = peer.status();
  const { slotsBusy, restarts, trouble } = sandbox.stats();
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
    wallMsMax: now.limits.wallMsMax,
    memoryBytesMax: now.limits.memoryBytesMax,
    declined: now.declined
      .slice(0, DECLINED_SHOWN_MAX)
      .map(({ name, reason: why }) => ({ name, reason: why })),
    sandboxRestarts: restarts,
    sandboxTrouble: trouble ?? '',
    peersDead: now.failures.dead,
    peersUnreachable: now.failures.unreachable,
    peersMisbehaved: now.failures.misbehaved,
    refused: now.refused
      .slice(0, REFUSED_SHOWN_MAX)
      .map(({ peer: peerId, why }) => ({ peerId, why })),
    diskBytes: disk.bytes,
    diskBytesMax: disk.bytesMax === Infinity ? 0 : disk.bytesMax,
    diskTrouble: components.store.syncTrouble ?? '',
    undelivered: [...now.unsent]
      .sort(([, one], [, other]) => other - one)
      .slice(0, UNDELIVERED_SHOWN_MAX)
      .map(([peerId, results]) => ({ peerId, results })),
  };
}

function activity({ peer, sandbox, jobs }: ControlComponents): { state: string; reason: string } {
  const { mode, offers, leasesHeld, neighbours, declined, requesters } = peer.status();
  if (mode === 'paused') return { state: 'paused', reason: 'its owner asked for it' };
  if (mode === 'finishing' || mode === 'leaving') {
    const left = `${leasesHeld} leases to return, ${jobs.running.length} own jobs to see through`;
    return { state: 'finishing', reason: left };
  }
  if (sandbox.stats().slotsBusy > 0 || leasesHeld > 0) return { state: 'computing', reason: '' };
  const refused = new Set(declined.map(({ name, reason }) => `${name} ${reason}`));
  if (offers.open > 0 && refused.size > 0) {
    const [first, ...more] = refused;
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
    return { state: 'idle', reason: `declined: ${first}${others}` };
  }
  if (requesters.length > 0) {
    return { state: 'idle', reason: 'the jobs it knows have no chunk to lease now' };
  }
  if (offers.open > 0) return { state: 'idle', reason: 'connecting to the requesters it knows of' };
  return {
    state: 'idle',
    reason: neighbours.size === 0 ? 'no other peer is connected' : 'no job is offered',
  };
}
