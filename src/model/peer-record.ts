/**
 * What a peer says of itself, signed by it, so that others can pass it on and nobody can make it
 * up: where it can be reached and what it can do. It says nothing about whether that is true; the
 * dial that follows does.
 */

import type { PeerId } from './ids.ts';
import type { Signed } from './signed.ts';

export type PeerRecord = {
  /** The peer whose signature the record carries. */
  readonly peer: PeerId;
  /** "host:port", the likeliest first; empty for a peer that nobody can dial. */
  readonly addresses: readonly string[];
  /** Abilities by name: `computes` for a peer that volunteers. Unknown ones are kept. */
  readonly features: readonly string[];
  /** Rises with every record of the same peer, over restarts too: Unix milliseconds. */
  readonly sequence: number;
  /** Unix time in milliseconds after which nobody should pass it on. */
  readonly expiresAtMs: number;
};

/** A verified record with the bytes that prove it, which are what is passed on. */
export type SignedRecord = {
  readonly record: PeerRecord;
  readonly signed: Signed;
};

/** A peer worth trying after a restart. */
export type KnownPeer = {
  readonly peer: PeerId;
  readonly addresses: readonly string[];
  /** Unix time in milliseconds when it was last a neighbour, or its record was last seen. */
  readonly seenAtMs: number;
};
