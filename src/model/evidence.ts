/**
 * Evidence that a peer returned a wrong result, as it travels from peer to peer: what that peer
 * itself has signed, and all that it takes to compute the chunk once more. It proves nothing by
 * being signed; whoever wants to know computes.
 */

import type { Digest, JobId, PeerId } from './ids.ts';
import type { ChunkLimits } from './job.ts';
import type { BlobRef, ProgramRef } from './program.ts';
import type { Signed } from './signed.ts';

/** What was computed wrong; the accuser has the program's blobs, and the input's. */
export type EvidenceWork = {
  readonly program: ProgramRef;
  readonly limits: ChunkLimits;
  /** Canonical CBOR of the chunk's input; the bytes themselves where they are few. */
  readonly input: BlobRef & { readonly value?: Uint8Array };
};

/** What an accuser is about to sign. */
export type Accusation = EvidenceWork & {
  /** Where the accuser can be reached, "host:port", the likeliest first. */
  readonly addresses: readonly string[];
  readonly chunk: number;
  /** What the accused has signed. */
  readonly statement: Signed;
  /** What comes out, by the accuser's word. */
  readonly accepted: Digest;
  /** What others have signed of the chunk, with that very digest. */
  readonly witnesses: readonly Signed[];
  /** Unix time. */
  readonly issuedAtMs: number;
};

/** After it was checked that all of it fits together. */
export type Evidence = EvidenceWork & {
  /** Whose signature it carries. */
  readonly accuser: PeerId;
  readonly addresses: readonly string[];
  /** Who has signed the result that is said to be wrong. */
  readonly culprit: PeerId;
  readonly job: JobId;
  readonly chunk: number;
  /** The digest that it has signed. */
  readonly said: Digest;
  /** The one that is said to be right. */
  readonly accepted: Digest;
  readonly issuedAtMs: number;
};

/** With the bytes that were signed, which are what is passed on. */
export type SignedEvidence = {
  /** Of what was signed and by whom. */
  readonly id: Digest;
  readonly evidence: Evidence;
  readonly signed: Signed;
};

/** What came of computing the chunk. */
export type EvidenceVerdict =
  /** What is said to be right has come out. */
  | 'true'
  /** What the accused has signed has come out. */
  | 'false'
  /** It could not be computed here, or something else has come out. */
  | 'unknown';
