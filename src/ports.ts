/**
 * What the machines need done, as interfaces that promise delivery semantics. The driver
 * (`runtime/driver.ts`) calls them; `transport/`, `sandbox/` and `storage/` implement them; tests
 * put fakes here and nowhere else.
 */

import type { Accusation, SignedEvidence } from './model/evidence.ts';
import type { Digest, JobId, PeerId } from './model/ids.ts';
import type { ChunkLimits, WrongResult } from './model/job.ts';
import type { JobWrites, StoredDigest, StoredLeases, StoredPage } from './model/journal.ts';
import type {
  OverlayMessage,
  RequesterMessage,
  TransportEvent,
  VolunteerMessage,
} from './model/messages.ts';
import type { Offer, SignedOffer } from './model/offer.ts';
import type { KnownPeer, PeerRecord, SignedRecord } from './model/peer-record.ts';
import type { BlobRef, ProgramKey, ScriptFunction } from './model/program.ts';
import type { Receipt, SignedReceipt } from './model/receipt.ts';
import type { Standing } from './model/standing.ts';
import type { Failure, LeasedChunk, Outcome, ResultFrame } from './model/replica.ts';
import type { Signed } from './model/signed.ts';
import type { StoredJob } from './model/stored-job.ts';
import type { Equivalent, StoredStatement } from './model/stored-result.ts';
import type { Unsent } from './model/unsent.ts';

/** Reads time. Two clocks, because only one of them never jumps. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start; for durations and deadlines. */
  nowMs(): number;
  /** Unix time in milliseconds; may jump. */
  unixMs(): number;
}

/** Calls back later: by the monotonic clock, at the earliest then, and late when all is. */
export interface Timers {
  /**
   * Not before this call returns.
   * @returns takes it back, if it has not come yet
   */
  after(ms: number, run: () => void): () => void;
}

export type { TransportEvent } from './model/messages.ts';
export type { Certificates, InputFile, StoredJob, StoredOutput } from './model/stored-job.ts';
export type { Equivalent, StoredResult, StoredStatement } from './model/stored-result.ts';

/**
 * Connections to other peers. Between two peers there is at most one overlay stream (of two opened
 * at once, both sides keep the one that the peer with the smaller id dialled; its event names the
 * address that this peer dialled, if it said whom it expected there) and at most one work stream in
 * each direction. On a stream, messages arrive in order and once or the stream goes down; what was
 * sent shortly before it went down may or may not have arrived.
 */
export interface Transport {
  /**
   * Begins to accept connections; events flow from now on.
   * @returns the addresses to tell others, "host:port", the likeliest first
   * @throws {GridError} `port-taken`, or `usage` for an address that can't be listened on
   */
  listen(onEvent: (event: TransportEvent) => void): Promise<readonly string[]>;

  /**
   * Opens an overlay stream. Ends in one `link-up` that names the address or in one `dial-failed`.
   * Dialling oneself fails, and so does dialling a peer to which there is a link.
   */
  dial(address: string, expected?: PeerId): void;

  /** Closes the overlay stream, after what was sent; no `link-down` follows. */
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
   * @param signal gives it up
   * @throws {Error} when it can't be had: unreachable, not found, larger than `bytesMax`, damaged
   */
  fetchBlob(
    peer: PeerId,
    addresses: readonly string[],
    blob: Digest,
    bytesMax: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;

  /** Closes a volunteer's work stream, after what was sent; no `volunteer-down` follows. */
  closeVolunteer(volunteer: PeerId): void;

  signOffer(offer: Offer): SignedOffer;

  /** Leaves out addresses and features that are over the bounds of a record. */
  signRecord(record: PeerRecord): SignedRecord;

  signReceipt(receipt: Receipt): SignedReceipt;

  /** @throws {Error} if others would refuse it: what is in it does not fit together */
  signEvidence(accusation: Accusation): SignedEvidence;

  /** What this peer has computed for itself; in as many statements as it takes. */
  signResults(frame: ResultFrame): readonly Signed[];

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

/** Bytes that can be had again, as often as the sandbox process is started anew. */
export type ReadBytes = () => Promise<Uint8Array>;

/** A program with all that it needs to run. */
export type LoadableProgram = ProgramOf<ReadBytes>;

/** @typeParam Bytes how its bytes are had */
export type ProgramOf<Bytes> =
  | {
      readonly runtime: 'javascript';
      readonly key: ProgramKey;
      readonly source: Bytes;
      /** Functions that it must export. */
      readonly functions: readonly ScriptFunction[];
    }
  | {
      readonly runtime: 'wasi';
      readonly key: ProgramKey;
      readonly module: Bytes;
      readonly arguments: readonly string[];
      readonly environment: readonly string[];
      readonly files: readonly { readonly path: string; readonly bytes: Bytes }[];
    };

/** Chunks of one job that run one after the other on one thread. */
export type ChunkBatch = {
  /** What a WASI program's random bytes are made of, with the chunk. */
  readonly job: JobId;
  readonly program: ProgramKey;
  /**
   * What a script is called for in the place of `compute`. Each input is a list of the two
   * arguments, whose canonical CBOR is given as byte strings; each result is what it returned.
   */
  readonly call?: 'equals' | 'verify';
  readonly limits: ChunkLimits;
  readonly chunks: readonly LeasedChunk[];
};

export type ChunkOutcome = { readonly outcome: Outcome; readonly computeMs: number };

/** The input file of `split`. */
export type SplitInput = {
  /** The file's name, without its folder. */
  readonly name: string;
  /**
   * Its bytes in pieces of some 100 KB, from the beginning each time that it is iterated over.
   * @throws {GridError} `input-unreadable`
   */
  readonly pieces: AsyncIterable<Uint8Array>;
};

export type MergeOutput = {
  /** `bytes` for a Uint8Array, `text` for a string, `json` for anything else. */
  readonly kind: 'bytes' | 'text' | 'json';
  readonly value: Uint8Array;
};

/**
 * Runs strangers' programs, in a process of their own that can compute and nothing else. No method
 * throws for what a program does: that is an outcome. A program that misbehaves costs at most its
 * own thread and its own chunks. If the process dies or hangs, it is started again, and what ran is
 * run once more; a chunk that takes it down again, alone, fails.
 */
export interface Sandbox {
  /** Threads that compute. */
  readonly slots: number;

  /**
   * Makes a program known before its first use; costs nothing for one that is. Keeps the most
   * recently used ones, and reads again what it needs again.
   * @param limits what a chunk of it will be allowed; a module that wants more memory is refused
   * @returns undefined, or why it can't run: what it lacks, imports or wants
   * @throws {Error} what reading its bytes threw, or why nobody can look at it: no word against it
   */
  load(program: LoadableProgram, limits: ChunkLimits): Promise<Failure | undefined>;

  /** What a script that was loaded exports of what jobs use; nothing for one that was not. */
  exportsOf(script: ProgramKey): readonly ScriptFunction[];

  /**
   * Runs a batch of a program that was loaded. Resolves with one outcome a chunk, in their order;
   * never rejects.
   * @param signal stops it: chunks without an outcome come back as `returned`. Nothing is stopped
   *   by its job's id, under which any stranger may offer a job of theirs
   */
  run(batch: ChunkBatch, signal?: AbortSignal): Promise<readonly ChunkOutcome[]>;

  /**
   * Runs `split` of a script that was loaded and hands over canonical CBOR of each chunk's input,
   * some at a time. Pulling is backpressure: `split` waits while nobody pulls.
   * @param encoding `bytes` where the chunks are for a WASI program's stdin: text and bytes that
   *   split yields become byte strings, anything else JSON on a line of its own
   * @throws {GridError} `job-failed` with the reason, `input-unreadable`, or `internal` when the
   *   process died: begun again, it yields the same
   */
  split(
    script: ProgramKey,
    params: Uint8Array,
    input: SplitInput | undefined,
    encoding: 'values' | 'bytes',
    signal: AbortSignal,
  ): AsyncIterable<readonly Uint8Array[]>;

  /**
   * Runs `merge` of a script that was loaded over all results in chunk order, given as they come.
   * @throws {GridError} `job-failed` with the reason, or `internal` when the process died
   */
  merge(
    script: ProgramKey,
    params: Uint8Array,
    results: AsyncIterable<readonly Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<MergeOutput>;

  stats(): SandboxStats;

  /** Ends the process. Idempotent. */
  close(): Promise<void>;
}

export type SandboxStats = {
  readonly slotsBusy: number;
  readonly batchesQueued: number;
  /** Times that the process was started again because it died or hung. */
  readonly restarts: number;
  /** Why it died last, for a person; absent while it is up. */
  readonly trouble?: string;
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
  /**
   * Of one that has ended, all that was kept, and those of its blobs that no other job names. One
   * that is not known is no error.
   */
  forgetJob(job: JobId): void;

  /**
   * What has become of jobs that run, and of peers' standing with it: all of that is kept, or
   * nothing. It outlives the process; a power failure only after the next `sync`.
   */
  commit(writes: readonly JobWrites[], standings?: readonly Standing[]): void;
  /**
   * Resolves when all that any method has kept before outlives a power failure as well. A store
   * that can't do it tries again by itself, and says so at once to who asks in between.
   */
  sync(): Promise<void>;
  /** Why it can't; undefined while all is well. */
  readonly syncTrouble: string | undefined;

  // What was committed of a job that runs, to go on with it. Some at a time, until none comes,
  // where it is read `from` somewhere; in the order of that number.
  readPages(job: JobId): readonly StoredPage[];
  /** Chunks that were accepted, of a job that keeps results before. */
  readAccepted(job: JobId, from: number): readonly number[];
  /** Those that begin with this number or a later one. */
  readLeases(job: JobId, from: number): readonly StoredLeases[];
  readCaught(job: JobId): readonly WrongResult[];
  /** Digests of the results that there are. */
  listDigests(job: JobId, from: number): readonly StoredDigest[];

  /**
   * What peers have signed of a job's results, kept as long as the job is known, or until
   * `dropStatements`: those after the one with this number, in the order in which they were put; 0
   * for the first. Some at a time, until none comes. Damaged ones as they are: their signature
   * tells.
   */
  readStatements(job: JobId, after: number): readonly StoredStatement[];
  /** And what was taken for equal among what they are about. */
  dropStatements(job: JobId): void;
  /** Kept as long as statements are. The same ones again are no more. */
  putEquivalents(job: JobId, equivalents: readonly Equivalent[]): void;
  /** In no particular order. */
  readEquivalents(job: JobId, chunk: number): readonly Equivalent[];

  /**
   * Values of the chunks from `from` on, in order, up to the first missing one, `countMax`, or some
   * 16 MiB: read on from the first one not returned until none comes.
   */
  readResults(job: JobId, from: number, countMax: number): readonly Uint8Array[];
  /** Digests of the same, 32 bytes each, up to the first missing one or `countMax`. */
  readDigests(job: JobId, from: number, countMax: number): Uint8Array;
  /** Forgets the chunks' results, once merged, and all that was needed to go on with the job. */
  dropResults(job: JobId): void;

  /**
   * Replaces all that were kept before; all or nothing. Each peer once; of more than
   * `knownPeersMax` the last seen are kept.
   */
  putPeers(peers: readonly KnownPeer[]): void;
  /** The last seen first. Those that were damaged since are not among them. */
  listPeers(): readonly KnownPeer[];
  /** Each in the place of what was kept of its peer. */
  putStandings(standings: readonly Standing[]): void;
  listStandings(): readonly Standing[];
  /**
   * In the place of an earlier one of the same requester and job. Of more than `receiptsMax` the
   * oldest goes of whoever gave the most, so that no requester pushes out what others gave.
   */
  putReceipt(receipt: SignedReceipt): void;
  /** The last to come first. Those that were damaged since are not among them. */
  listReceipts(): readonly SignedReceipt[];

  /**
   * Results for others that were not acknowledged, each in the place of an earlier one of its
   * lease. Of more than `unsentMax`, or of more than `unsentBytesMax`, the oldest go of whoever has
   * the most.
   */
  putUnsent(results: readonly Unsent[], keptAtMs: number): void;
  /**
   * The first put first; those kept before `sinceMs` are forgotten, damaged ones left out. A time
   * before 2026 is that of a clock that was not set, and says nothing.
   */
  listUnsent(sinceMs: number): readonly Unsent[];
  dropUnsent(requester: PeerId, job: JobId, leases: readonly number[]): void;

  /** Writes beside and renames. Putting the same bytes again is cheap. */
  putBlob(bytes: Uint8Array): Promise<Digest>;
  /** The same for bytes that come in pieces; what throws while they come leaves nothing behind. */
  putBlobPieces(pieces: AsyncIterable<Uint8Array>): Promise<BlobRef>;
  /** Undefined if it isn't there. The digest is checked: a damaged blob throws `store-failed`. */
  getBlob(blob: Digest): Promise<Uint8Array | undefined>;
  /**
   * The same in pieces of some 100 KB, for blobs of any size. The digest is checked before the
   * first of them; a blob that isn't there throws `store-failed` as well.
   */
  readBlob(blob: Digest): AsyncIterable<Uint8Array>;
  /** Its size, from its file alone; undefined if it isn't there. */
  blobBytes(blob: Digest): Promise<number | undefined>;
  /** Absent blobs are no error. */
  deleteBlob(blob: Digest): Promise<void>;

  close(): void;
}

/**
 * Blobs of others' jobs that are likely wanted again, on disk. Never the only copy of anything, so
 * no method throws: what does not work is as if it were not there.
 */
export interface BlobCache {
  /** Whether it is likely to be there. */
  has(blob: Digest): boolean;
  /** Its digest is checked: a damaged blob is not there. */
  get(blob: Digest): Promise<Uint8Array | undefined>;
  /**
   * Makes room by dropping what was not used for the longest time.
   * @param bytes whose digest was checked to be `blob`
   */
  put(blob: Digest, bytes: Uint8Array): Promise<void>;
}
