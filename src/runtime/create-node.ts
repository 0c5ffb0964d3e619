/**
 * The composition root: the one place that knows which class stands behind which port, and in what
 * order a peer starts and stops.
 */

import { randomInt } from 'node:crypto';
import { join } from 'node:path';

import { reasonOf } from '../model/errors.ts';
import type { Digest, PeerId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { BlobCache, Clock, Sandbox, Store, Transport } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import { Peer } from '../protocol/peer.ts';
import { createSandbox } from '../sandbox/create-sandbox.ts';
import { openBlobCache } from '../storage/blob-cache.ts';
import { DiskLimit } from '../storage/disk-limit.ts';
import { IncomingValues } from '../storage/incoming-values.ts';
import { openStore } from '../storage/sqlite-store.ts';
import { serveControl } from '../transport/control-server.ts';
import { loadGrid } from '../transport/grid.ts';
import { loadIdentity } from '../transport/identity.ts';
import type { PutPlaces } from '../transport/put-server.ts';
import { createPeerTransport } from '../transport/peer-transport.ts';
import { Accuser, type AccuserComponents } from './accuser.ts';
import { signAuditSeal } from '../wire/audit-codec.ts';
import { backupOf } from './backup.ts';
import { type ControlComponents, createControl } from './control.ts';
import { makeDataFolder } from './data-folder.ts';
import { Driver } from './driver.ts';
import { EvidenceCheck } from './evidence-check.ts';
import { Farewell } from './farewell.ts';
import { createHealth } from './health.ts';
import { JobBook } from './job-book.ts';
import type { Logger } from './log.ts';
import { metricSources } from './metric-sources.ts';
import type { MetricSources } from './metrics.ts';
import type { Health, MetricsServer } from './metrics-server.ts';
import { endedLately } from './past-receipts.ts';
import { ProgramFetch } from './program-fetch.ts';
import { giveBackMemory } from './small-heap.ts';
import { systemTimers } from './system-timers.ts';
import { unsentLeft } from './unsent-keeper.ts';
import { Recomputation } from './recomputation.ts';

export type NodeOptions = {
  /** Folder of everything this peer keeps. */
  readonly dataPath: string;
  readonly controlPath: string;
  /** Of all that it keeps; absent for no bound. */
  readonly diskBytesMax?: number;
  /** "host:port"; port 0 takes a free one. */
  readonly listen: string;
  /** Addresses to tell others; empty for those it listens on. */
  readonly advertise: readonly string[];
  /** Addresses to join through. */
  readonly peers: readonly string[];
  /** Grid file; absent for the open grid. */
  readonly gridPath?: string;
  /** Threads that compute. */
  readonly slots: number;
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
  /** "host:port" of the metrics endpoint; absent for none. */
  readonly metrics?: string;
  readonly version: string;
};

export type NodeComponents = {
  readonly log: Logger;
  /** Instead of the usual one; closed with the peer. */
  readonly sandbox?: Sandbox;
};

export type RunningNode = {
  readonly peer: PeerId;
  /** Where others reach it. */
  readonly addresses: readonly string[];
  readonly metricsAddress?: string;
  /** It was given a peer to join through, or has met some in an earlier run. */
  readonly knowsOthers: boolean;
  /** Resolves when the peer has stopped, by `stop` or after `finish`. */
  readonly stopped: Promise<void>;
  /**
   * Ends what it computes for others within a stated time and gives the rest back, then stops; own
   * jobs that run go on at the next start. Idempotent.
   */
  leave(): Promise<void>;
  /** Ends everything at once; jobs that run go on at the next start. Idempotent. */
  stop(): Promise<void>;
};

const ALONE_TEXT = 'it knows no other peer yet; others join through it by --peer and its address';

const systemClock: Clock = { nowMs: () => performance.now(), unixMs: () => Date.now() };

/**
 * Starts a peer.
 * @throws {GridError} whatever keeps it from starting; then nothing of it is left running
 */
export async function createNode(
  options: NodeOptions,
  components: NodeComponents,
): Promise<RunningNode> {
  const closers: Closers = [];
  const stopped = Promise.withResolvers<void>();
  let stopping: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    const troubles: unknown[] = [];
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        troubles.push(error);
      }
    }
    if (troubles.length > 0) throw troubles[0];
  };
  const stop = (): Promise<void> => {
    stopping ??= closeAll();
    stopping.then(stopped.resolve, stopped.reject);
    return stopping;
  };
  try {
    const started = await start(options, components, closers, stop);
    return { ...started, stopped: stopped.promise, stop };
  } catch (error) {
    // What is told is why it didn't start, whatever closing adds to that.
    await closeAll().catch(() => undefined);
    throw error;
  }
}

type Closers = (() => Promise<void> | void)[];

type Parts = {
  readonly self: PeerId;
  readonly grid: string;
  readonly store: Store;
  readonly cache: BlobCache;
  readonly disk: DiskLimit;
  readonly sandbox: Sandbox;
  readonly transport: Transport;
  readonly signSeal: ControlComponents['signSeal'];
  readonly backup: ControlComponents['backup'];
};

/** What others may fetch, and bring. */
type Offered = {
  readonly isStored: (blob: Digest) => boolean;
  readonly inMemory: (blob: Digest) => Uint8Array | undefined;
  readonly isWanted: PutPlaces['isWanted'];
};

/** What is opened before the peer can begin, each closed again in the opposite order. */
async function openParts(
  options: NodeOptions,
  components: NodeComponents,
  closers: Closers,
  offered: Offered,
): Promise<Parts> {
  const { dataPath, controlPath, diskBytesMax, listen, advertise, gridPath } = options;
  const { log } = components;
  await makeDataFolder(dataPath);
  const grid = await loadGrid(gridPath);
  const disk = new DiskLimit(dataPath, diskBytesMax);
  // First, because it takes the folder: two peers can't both make an identity in it.
  const store = await openStore({ path: dataPath, controlPath, limit: disk });
  closers.push(() => store.close());
  const identity = await loadIdentity(dataPath);
  const cache = await openCache(dataPath, disk, log);
  const incoming = await IncomingValues.open({ path: dataPath, limit: disk });
  const sandbox = components.sandbox ?? openSandbox(options, log);
  closers.push(() => sandbox.close());
  const blobs = async (blob: Digest): Promise<Uint8Array | undefined> =>
    offered.inMemory(blob) ?? (offered.isStored(blob) ? store.getBlob(blob) : undefined);
  const puts: PutPlaces = {
    isWanted: offered.isWanted,
    begin: (about, bytes) => incoming.begin(about, bytes),
    take: (about) => incoming.take(about),
  };
  const transport = await createPeerTransport(
    { listen, advertise },
    { identity, grid, log, blobs, puts, clock: systemClock },
  );
  closers.push(() => transport.close());
  return {
    self: identity.peer,
    grid: `${grid.name} (${grid.fingerprint})`,
    store,
    cache,
    disk,
    sandbox,
    transport,
    signSeal: (job, seal) => signAuditSeal(job, seal, identity, identity.privateKey),
    backup: () => backupOf(identity, store),
  };
}

async function openCache(dataPath: string, limit: DiskLimit, log: Logger): Promise<BlobCache> {
  const path = join(dataPath, 'cache');
  return openBlobCache({
    path,
    limit,
    bytesMax: limits.cacheBytesMax,
    filesMax: limits.cacheFilesMax,
    onTrouble: (reason) => {
      const text = `programs of others can't be kept in ${path}, and are fetched for each job`;
      log.warn({ reason }, `${text}: ${reason}`);
    },
  });
}

function openSandbox({ slots, limits: given }: NodeOptions, log: Logger): Sandbox {
  return createSandbox(
    { slots, limits: given },
    {
      onTrouble: (trouble) => log.warn(`${trouble} It is started again.`),
      // One that only asks is not idle when its sandbox is: others compute for it.
      ...(slots > 0 ? { onRest: giveBackMemory } : {}),
    },
  );
}

async function start(
  options: NodeOptions,
  components: NodeComponents,
  closers: Closers,
  stop: () => Promise<void>,
): Promise<Omit<RunningNode, 'stop' | 'stopped'>> {
  const { log } = components;
  const parts = await openParts(options, components, closers, {
    isStored: (blob) => jobs.isOffered(blob) || accuser.offers(blob),
    inMemory: (blob) => accuser.input(blob),
    isWanted: (from, job, lease, bytes) => {
      const own = peer.ownJob(job);
      if (own === undefined || bytes > own.spec.limits.resultBytesMax) return false;
      return own.isOpen(lease.chunk) && own.expects(from, lease);
    },
  });
  const { self, transport, sandbox, grid, store } = parts;
  let addresses: readonly string[] = [];
  const known = left('the peers of earlier runs', () => store.listPeers(), log);
  const peer = new Peer({
    ...usualPeer(options),
    ...leftOf(store, log),
    self,
    addresses: () => addresses,
    known,
  });
  const metrics = await openMetrics(options, metricSources({ peer, transport, sandbox }));
  const common = { ...parts, peer, clock: systemClock };
  const dispatch = (event: LocalEvent): void => driver.dispatch(event);
  const jobs = new JobBook({ ...common, dispatch });
  const farewell = new Farewell(peer, jobs, dispatch, stop);
  const forEvidence = { ...common, log, dispatch, addresses: () => addresses };
  const { accuser, ...work } = evidenceParts(forEvidence, jobs, options.limits);
  const driver = new Driver({
    ...common,
    ...work,
    accuser,
    timers: systemTimers,
    log,
    entrances: options.peers,
    ownJob: (job) => jobs.ownJob(job),
    onCompute: (seconds, chunks) => metrics?.observeCompute(seconds, chunks),
    onDrained: () => farewell.check(),
  });
  closers.push(() => driver.stop());
  closers.push(() => jobs.leaveAll());
  await jobs.readLeft();
  addresses = await transport.listen((event) => driver.receive(event));
  // Before anything else is waited for: it must be the machine's first event, and peers that know
  // this one from an earlier run may be dialling already.
  dispatch({ type: 'tick' });
  for (const name of jobs.resumeLeft()) log.info(`the job ${name} goes on where it was`);
  const metricsAddress = await serveOwner(
    options,
    { ...common, jobs, dispatch, addresses: () => addresses, onFinish: () => farewell.begin() },
    metrics,
    closers,
  );
  const knowsOthers = options.peers.length + known.length > 0;
  log.info({ peer: self, addresses, grid, slots: options.slots }, 'the peer is up');
  if (!knowsOthers) log.info(ALONE_TEXT);
  const metricsPart = metricsAddress === undefined ? {} : { metricsAddress };
  const leave = (): Promise<void> => farewell.leave();
  return { peer: self, addresses, knowsOthers, leave, ...metricsPart };
}

/** @returns where the metrics are, if anywhere */
async function serveOwner(
  options: NodeOptions,
  components: Omit<ControlComponents, 'about'> & Pick<Parts, 'grid'>,
  metrics: OpenMetrics | undefined,
  closers: Closers,
): Promise<string | undefined> {
  const metricsServer = await metrics?.serve(createHealth(components.store, systemClock));
  if (metricsServer !== undefined) closers.push(() => metricsServer.close());
  const about = {
    version: options.version,
    grid: components.grid,
    dataPath: options.dataPath,
    metricsAddress: metricsServer?.address ?? '',
  };
  const control = await serveControl(options.controlPath, createControl({ ...components, about }));
  closers.push(() => control.close());
  return metricsServer?.address;
}

function usualPeer({ peers, slots, limits: given }: NodeOptions) {
  const features = slots > 0 ? ['computes'] : [];
  return { entrances: peers, features, slots, limits: given, seed: randomInt(2 ** 32) };
}

/** What earlier runs have left for the machine, but for the peers that they have met. */
function leftOf(store: Store, log: Logger) {
  const unsent = (): ReturnType<typeof unsentLeft> => unsentLeft(store, systemClock.unixMs());
  const ended = (): ReturnType<typeof endedLately> => endedLately(store, systemClock.unixMs());
  return {
    ended: left('jobs that have ended', ended, log),
    unsent: left('results that were not delivered', unsent, log),
    standings: left('what earlier runs have seen of peers', () => store.listStandings(), log),
  };
}

/** What fetches programs, and computes chunks again: to accuse others, or to check who does. */
function evidenceParts(
  parts: Parts & Pick<AccuserComponents, 'log' | 'dispatch' | 'addresses'> & { clock: Clock },
  jobs: JobBook,
  given: ChunkLimits,
) {
  const programs = new ProgramFetch(parts);
  const recomputation = new Recomputation({ ...parts, programs, limits: given });
  const accuser = new Accuser({ ...parts, recomputation, ownJob: (job) => jobs.ownJob(job) });
  return { programs, accuser, evidenceCheck: new EvidenceCheck({ ...parts, recomputation }) };
}

/** What earlier runs have left. That it can't be read is no reason not to start. */
function left<Item>(what: string, read: () => readonly Item[], log: Logger): readonly Item[] {
  try {
    return read();
  } catch (error) {
    const reason = reasonOf(error);
    log.warn({ reason }, `${what} can't be read: ${reason}`);
    return [];
  }
}

type OpenMetrics = {
  readonly observeCompute: (seconds: number, chunks: number) => void;
  readonly serve: (health: () => Promise<Health>) => Promise<MetricsServer>;
};

/** For who wants them: what they are made with takes a fifth of the time that a peer starts in. */
async function openMetrics(
  { metrics: address, version }: NodeOptions,
  sources: MetricSources,
): Promise<OpenMetrics | undefined> {
  if (address === undefined) return undefined;
  const [{ createMetrics }, { serveMetrics }] = await Promise.all([
    import('./metrics.ts'),
    import('./metrics-server.ts'),
  ]);
  const metrics = createMetrics(sources, version);
  return {
    observeCompute: metrics.observeCompute,
    serve: (health) => serveMetrics(address, metrics, health),
  };
}
