/**
 * What goes into the peer's machine and what comes out of it. The driver turns the world into
 * events and effects into deeds; the simulator does the same with a world of its own.
 */

import type { EvidenceVerdict, SignedEvidence } from '../model/evidence.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import type { ChunkLimits, JobFailure, JobSpec, WrongResult } from '../model/job.ts';
import type {
  OverlayMessage,
  RequesterSend,
  TransportEvent,
  VolunteerMessage,
} from '../model/messages.ts';
import type { Offer, SignedOffer } from '../model/offer.ts';
import type { KnownPeer, PeerRecord, SignedRecord } from '../model/peer-record.ts';
import type { ProgramKey, ProgramRef } from '../model/program.ts';
import type { SignedReceipt } from '../model/receipt.ts';
import type { Standing } from '../model/standing.ts';
import type { LeasedChunk, ReplicaResult, ResultFrame } from '../model/replica.ts';
import type { Unsent } from '../model/unsent.ts';
import type { JobPast } from './requester/job-past.ts';

/** Two clocks: durations and deadlines follow `ms`, which never jumps; offers follow `unixMs`. */
export type Now = { readonly ms: number; readonly unixMs: number };

export type PeerEvent = TransportEvent | LocalEvent;

export type LocalEvent =
  /** The time of a `wake` effect has come. Early or extra ones do no harm. */
  | { readonly type: 'tick' }
  // Answers to effects.
  | { readonly type: 'program-ready'; readonly program: ProgramKey }
  /** It can't run here, whoever offers it. */
  | { readonly type: 'program-failed'; readonly program: ProgramKey; readonly reason: string }
  /** It could not be had from this requester now. */
  | {
      readonly type: 'program-missing';
      readonly requester: PeerId;
      readonly program: ProgramKey;
      readonly reason: string;
    }
  | {
      readonly type: 'run-done';
      readonly run: number;
      /** One for each chunk of the run, in its order. */
      readonly outcomes: readonly Pick<ReplicaResult, 'outcome' | 'computeMs' | 'work'>[];
    }
  | { readonly type: 'offer-signed'; readonly offer: SignedOffer }
  | { readonly type: 'record-signed'; readonly record: SignedRecord }
  /** This peer has convinced itself of what it was to accuse somebody of. */
  | { readonly type: 'evidence-signed'; readonly evidence: SignedEvidence }
  | {
      readonly type: 'evidence-checked';
      /** Of the evidence. */
      readonly id: Digest;
      readonly verdict: EvidenceVerdict;
      /** What it took to compute, without what it took to fetch. */
      readonly ranMs: number;
      /** Where its accuser was reached; absent where it was not. */
      readonly address?: string;
    }
  // Commands.
  | { readonly type: 'submit'; readonly job: JobId; readonly spec: JobSpec }
  /** An earlier process of this peer had it submitted, and came so far. */
  | {
      readonly type: 'resume-job';
      readonly job: JobId;
      readonly spec: JobSpec;
      readonly past: JobPast;
    }
  | { readonly type: 'chunks-added'; readonly job: JobId; readonly count: number }
  | { readonly type: 'split-ended'; readonly job: JobId }
  /** Merged, cancelled or failed outside the machine: the job is over, tell everybody. */
  | { readonly type: 'end-job'; readonly job: JobId }
  /** Until `untilMs` on the clock `Now.ms`, or until resumed. */
  | { readonly type: 'pause'; readonly untilMs?: number }
  | { readonly type: 'resume' }
  | { readonly type: 'finish' }
  /** As `finish`, but what still runs after a while is given back, own jobs' chunks as well. */
  | { readonly type: 'leave'; readonly graceMs: number }
  /** The last event: what is to be kept has to be kept now. Links are still open. */
  | { readonly type: 'stop' };

export type Effect =
  | { readonly type: 'dial'; readonly address: string; readonly expected?: PeerId }
  | { readonly type: 'hang-up'; readonly peer: PeerId }
  | { readonly type: 'send-overlay'; readonly to: PeerId; readonly message: OverlayMessage }
  | {
      readonly type: 'open-work';
      readonly requester: PeerId;
      readonly addresses: readonly string[];
    }
  | { readonly type: 'close-work'; readonly requester: PeerId }
  | { readonly type: 'send-to-requester'; readonly to: PeerId; readonly message: VolunteerMessage }
  /** No `volunteer-down` follows. */
  | { readonly type: 'close-volunteer'; readonly volunteer: PeerId }
  /** The driver adds the chunks' inputs to leases, and signs receipts. */
  | { readonly type: 'send-to-volunteer'; readonly to: PeerId; readonly message: RequesterSend }
  /** Have the program loaded in the sandbox. Ends in one of the events `program-...`. */
  | {
      readonly type: 'fetch-program';
      readonly requester: PeerId;
      readonly addresses: readonly string[];
      readonly program: ProgramKey;
      readonly ref: ProgramRef;
      /** What a chunk of it will be allowed. */
      readonly limits: ChunkLimits;
    }
  /** Ends in one `run-done`. */
  | {
      readonly type: 'run';
      readonly run: number;
      readonly job: JobId;
      readonly program: ProgramKey;
      readonly ref: ProgramRef;
      readonly limits: ChunkLimits;
      readonly chunks: readonly LeasedChunk[];
    }
  /** These end at once; what was not computed comes back `returned`. */
  | { readonly type: 'stop-runs'; readonly runs: readonly number[] }
  /** Ends in `offer-signed`. */
  | { readonly type: 'sign-offer'; readonly offer: Offer }
  /** Ends in `record-signed`. */
  | { readonly type: 'sign-record'; readonly record: PeerRecord }
  /** To be kept for the next start, in the place of those kept before. */
  | { readonly type: 'keep-peers'; readonly peers: readonly KnownPeer[] }
  /** What was seen of peers: of each of them in the place of what was kept before. */
  | { readonly type: 'keep-standings'; readonly standings: readonly Standing[] }
  /** What a requester has signed for this peer's work. */
  | { readonly type: 'keep-receipt'; readonly receipt: SignedReceipt }
  /** Results that their requesters have not acknowledged, for this process or the next. */
  | { readonly type: 'keep-unsent'; readonly results: readonly Unsent[] }
  /** They have been acknowledged, or are of no more use. */
  | {
      readonly type: 'drop-unsent';
      readonly requester: PeerId;
      readonly job: JobId;
      readonly leases: readonly number[];
    }
  /**
   * Canonical results, or of a job that believes on evidence those that may become so. To be stored
   * before later effects of the same list are carried out, in the place of others of the chunk.
   */
  | {
      readonly type: 'store-results';
      readonly job: JobId;
      readonly results: readonly AcceptedResult[];
    }
  /**
   * Of a job that keeps results before they are believed: which are from now on, and which are not
   * any more. And who was caught. To be kept together with what the same list has of results and
   * standings.
   */
  | {
      readonly type: 'keep-moves';
      readonly job: JobId;
      readonly accepted: readonly number[];
      readonly reopened: readonly number[];
      readonly caught: readonly WrongResult[];
    }
  /**
   * Results of an own job that were waited for: what their peer has signed is what a certificate is
   * made of. Those of this peer itself are to be signed first.
   */
  | {
      readonly type: 'keep-statement';
      readonly frame: ResultFrame;
      /** Of its replicas those that answer a lease. */
      readonly counted: readonly ReplicaResult[];
    }
  /**
   * Somebody was caught in an own job. If the chunk comes to what was expected when this peer
   * computes it, and not to what was returned, this ends in `evidence-signed`; else in nothing.
   */
  | {
      readonly type: 'accuse';
      readonly job: JobId;
      readonly wrong: WrongResult & { readonly expected: Digest };
    }
  /** Compute what it is about. Ends in one `evidence-checked`. */
  | { readonly type: 'check-evidence'; readonly evidence: SignedEvidence }
  /** Every chunk has its canonical result. */
  | { readonly type: 'all-accepted'; readonly job: JobId }
  | { readonly type: 'job-failed'; readonly job: JobId; readonly failure: JobFailure }
  /**
   * The volunteer holds nothing now, after `finish` or `leave`; told again whenever that is so.
   */
  | { readonly type: 'drained' }
  /** Send `tick` at `atMs` of `Now.ms`; replaces the wake before. */
  | { readonly type: 'wake'; readonly atMs: number };

export type AcceptedResult = {
  readonly chunk: number;
  readonly digest: Digest;
  readonly value: Uint8Array;
};
