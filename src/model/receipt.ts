/**
 * A requester's word, signed, that a peer has done work that was accepted: what credit is made of.
 * Whoever has the bytes can check who said it, of whom, and that nobody changed it. It is worth as
 * much as its requester: nothing keeps one from thanking for work that nobody did.
 */

import type { JobId, PeerId } from './ids.ts';
import type { Signed } from './signed.ts';

export type Receipt = {
  /** The peer whose signature the receipt carries. */
  readonly requester: PeerId;
  /** Who did the work. */
  readonly peer: PeerId;
  readonly job: JobId;
  /** Of the job, as it was offered. */
  readonly name: string;
  /** Replicas whose result was the accepted one; at least 1. */
  readonly chunks: number;
  /** As the peer said, and of all that it returned. */
  readonly computeSeconds: number;
  /** Unix time in milliseconds, by the requester's clock. */
  readonly issuedAtMs: number;
};

/** A verified receipt with the bytes that prove it, which are what is shown to others. */
export type SignedReceipt = {
  readonly receipt: Receipt;
  readonly signed: Signed;
};
