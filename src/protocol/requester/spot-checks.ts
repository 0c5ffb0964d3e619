/**
 * Leases whose results are known already: what a peer is checked by. To the volunteer they look
 * like all others.
 */

import type { Digest, PeerId } from '../../model/ids.ts';
import { checkRate } from './credibility.ts';
import type { Random } from '../random.ts';
import type { Standings } from '../standings.ts';
import { type Verified, VerifiedChunks } from './verified-chunks.ts';

type Check = { readonly peer: PeerId; readonly digest: Digest };

export class SpotChecks {
  readonly verified: VerifiedChunks;
  readonly #standings: Standings;
  readonly #random: Random;
  /** By lease number: as many as there are leases out at most. */
  readonly #out = new Map<number, Check>();
  /**
   * Whose next lease is no check. Who waits for work is asked about over and over: drawn anew each
   * time, all that comes to who is idle would be checks.
   */
  readonly #spared = new Set<PeerId>();
  readonly #outOf = new Map<PeerId, number>();

  constructor(standings: Standings, random: Random) {
    this.verified = new VerifiedChunks(random);
    this.#standings = standings;
    this.#random = random;
  }

  /** What the peer's next lease checks it by, if it does. */
  next(peer: PeerId): Verified | undefined {
    if (this.verified.size === 0 || this.#spared.has(peer)) return undefined;
    const passed = this.#standings.passed(peer) + (this.#outOf.get(peer) ?? 0);
    if (this.#random.next() < checkRate(passed)) return this.verified.take(peer);
    this.#spared.add(peer);
    return undefined;
  }

  /** One more than its turn, unless it has one; for a peer whose word has to weigh more. */
  another(peer: PeerId): Verified | undefined {
    return this.#outOf.has(peer) ? undefined : this.verified.take(peer);
  }

  /** It got a chunk that is none, or went away: the next one is drawn anew. */
  worked(peer: PeerId): void {
    this.#spared.delete(peer);
  }

  begin(lease: number, peer: PeerId, digest: Digest): void {
    this.#out.set(lease, { peer, digest });
    this.#outOf.set(peer, (this.#outOf.get(peer) ?? 0) + 1);
  }

  /** @returns what its result should be; undefined if the lease is no check */
  end(lease: number): Digest | undefined {
    const check = this.#out.get(lease);
    if (check === undefined) return undefined;
    this.#out.delete(lease);
    const left = (this.#outOf.get(check.peer) ?? 1) - 1;
    if (left > 0) this.#outOf.set(check.peer, left);
    else this.#outOf.delete(check.peer);
    return check.digest;
  }
}
