/**
 * What the machines need done, as interfaces that promise delivery semantics. The driver
 * (`runtime/driver.ts`) calls them; `transport/`, `sandbox/` and `storage/` implement them; tests
 * put fakes here and nowhere else.
 */

import type { Digest, JobId, PeerId } from './model/ids.ts';
import type { ChunkLimits, JobReport, JobSpec, JobState } from './model/job.ts';
import type {
  OverlayMessage,
  RequesterMessage,
  TransportEvent,
  VolunteerMessage,
} from './model/messages.ts';
import type { Offer, SignedOffer } from './model/offer.ts';
import type { LeasedChunk, Outcome } from './model/replica.ts';

/** Reads time. Two clocks, because only one of them never jumps. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start; for durations and deadlines. */
  nowMs(): number;
  /** Unix time in milliseconds; may jump. */
  unixMs(): number;
}

export type { TransportEvent } from './model/messages.ts';

/**
 * Connections to other peers. Between two peers there is at most one overlay stream (of two opened
 * at once, both sides keep the one that the peer with the smaller id dialled, and no event tells of
 * the other) and at most one work stream in each direction. On a stream, messages arrive in order
 * and once or the stream goes down; what was sent shortly before it went down may or may not have
 * arrived.
 */
export interface Transport {
  /**
   * Begins to accept connections; events flow from now on.
   * @returns the addresses to tell others, "host:port", the likeliest first
   * @throws {GridError} `port-taken`, or `usage` for an address that can't be listened on
   */
  listen(onEvent: (event: TransportEvent) => void): Promise<readonly string[]>;

  /** Opens an overlay stream. Ends in `neighbour-up` or `dial-failed`; dialling oneself fails. */
  dial(address: string, expected?: PeerId): void;

  /** Closes the overlay stream, after what was sent; no `neighbour-down` follows. */
  hangUp(peer: PeerId): void;

  /** Best effort: dropped if there is no stream. A stream whose queue is full is closed. */
  sendOverlay(to: PeerId, message: OverlayMessage): void;

  /**
   * Opens a work stream, trying the addresses in turn. Ends in `requester-up` or `requester-down`.
   */
  openWork(requester: PeerId, addresses: readonly string[]): void;

  /** Closes the work stream to a requester, after what was sent; no `requester-down` follows. */
  closeWork(requester: PeerId): void;

  /** Best effort, as above. Results are signed here. */
  sendToRequester(to: PeerId, message: VolunteerMessage): void;

  /** Best effort, as above. A `leases` message over the frame bounds is sent as several frames. */
  sendToVolunteer(to: PeerId, message: RequesterMessage): void;

  /**
   * Fetches a blob from a peer and checks its digest.
   * @throws {Error} when it can't be had: unreachable, not found, larger than `bytesMax`, damaged
   */
  fetchBlob(
    peer: PeerId,
    addresses: readonly string[],
    blob: Digest,
    bytesMax: number,
  ): Promise<Uint8Array>;

  sign(offer: Offer): SignedOffer;

  stats(): TransportStats;

  /** Ends all streams and stops listening. Idempotent. */
  close(): Promise<void>;
}

/** Totals since the start, and present depths. */
export type TransportStats = {
  /** Of messages, without what gRPC, HTTP/2 and TLS add; so one peer's out is the others' in. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames waiting in all streams' queues. */
  readonly framesQueued: number;
  /** Connections refused at the TLS handshake. */
  readonly handshakesRefused: number;
  /** Streams ended because a stranger's frame broke a bound. */
  readonly framesRejected: number;
};

/** Chunks of one job that run one after the other on one thread. */
export type ChunkBatch = {
  readonly job: JobId;
  readonly program: Digest;
  readonly limits: ChunkLimits;
  readonly chunks: readonly LeasedChunk[];
};

export type ChunkOutcome = { readonly outcome: Outcome; readonly computeMs: number };

export type SplitInput = {
  /** The file's name, without its folder. */
  readonly name: string;
  readonly path: string;
};

export type MergeOutput = {
  /** `bytes` for a Uint8Array, `text` for a string, `json` for anything else. */
  readonly kind: 'bytes' | 'text' | 'json';
  readonly value: Uint8Array;
};

/**
 * Runs strangers' programs. No method throws for what a program does: that is an outcome. A program
 * that misbehaves costs at most its own thread and its own chunks.
 */
export interface Sandbox {
  /** Threads that compute. */
  readonly slots: number;

  /**
   * Makes a program known before its first use; costs nothing for one that is. Keeps the most
   * recently used ones.
   * @returns undefined, or the reason why it can't run: syntax, or no `compute`
   */
  load(program: Digest, source: Uint8Array): Promise<string | undefined>;

  /** Runs a batch. Resolves with one outcome a chunk, in their order; never rejects. */
  run(batch: ChunkBatch): Promise<readonly ChunkOutcome[]>;

  /** Stops all running batches of a job; their chunks come back as `returned`. */
  stop(job: JobId): void;

  /**
   * Runs `split` and hands over canonical CBOR of each chunk's input, some at a time. Pulling is
   * backpressure: `split` waits while nobody pulls.
   * @throws {GridError} `job-failed` with the reason, or `input-unreadable`
   */
  split(
    program: Digest,
    params: Uint8Array,
    input: SplitInput | undefined,
    signal: AbortSignal,
  ): AsyncIterable<readonly Uint8Array[]>;

  /**
   * Runs `merge` over all results in chunk order, given as they come.
   * @throws {GridError} `job-failed` with the reason
   */
  merge(
    program: Digest,
    params: Uint8Array,
    results: AsyncIterable<readonly Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<MergeOutput>;

  stats(): SandboxStats;

  close(): Promise<void>;
}

export type SandboxStats = {
  readonly slotsBusy: number;
  readonly batchesQueued: number;
};

/** A job as it is kept. */
export type StoredJob = {
  readonly job: JobId;
  readonly spec: JobSpec;
  readonly state: JobState;
  readonly report?: JobReport;
  /** Why it failed, for a person. */
  readonly failure?: string;
  /** The final result, once done. */
  readonly output?: { readonly kind: MergeOutput['kind']; readonly blob: Digest };
};

/**
 * What a peer keeps on disk. A method that returned has handed its bytes to the operating system,
 * so they outlive the process. All of them throw `GridError` `disk-full` or `store-failed`.
 */
export interface Store {
  /** Replaces an earlier state of the same job. */
  putJob(job: StoredJob): void;
  getJob(job: JobId): StoredJob | undefined;
  /** Newest first. */
  listJobs(): readonly StoredJob[];

  /** Canonical results; one transaction. A chunk that has one already keeps it. */
  putResults(job: JobId, results: readonly StoredResult[]): void;
  /**
   * Values of the chunks from `from` on, in order, up to the first missing one, `countMax`, or some
   * 16 MiB: read on from the first one not returned until none comes.
   */
  readResults(job: JobId, from: number, countMax: number): readonly Uint8Array[];
  /** Forgets the chunks' results, once merged. */
  dropResults(job: JobId): void;

  /** Writes beside and renames. Putting the same bytes again is cheap. */
  putBlob(bytes: Uint8Array): Promise<Digest>;
  /** Undefined if it isn't there. The digest is checked: a damaged blob throws `store-failed`. */
  getBlob(blob: Digest): Promise<Uint8Array | undefined>;
  /** Absent blobs are no error. */
  deleteBlob(blob: Digest): Promise<void>;

  close(): void;
}

export type StoredResult = {
  readonly chunk: number;
  readonly digest: Digest;
  readonly value: Uint8Array;
};
