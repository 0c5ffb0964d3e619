/**
 * What strangers may hold. Names are free, so who is caught as a stranger is one again at once: the
 * share of all leases that strangers have together bounds what that costs.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Standings } from '../standings.ts';
import type { VerifiedChunks } from './verified-chunks.ts';

/** Of what the others hold, and as many at least. Tried in `bench/verification.ts`. */
const SHARE = 0.05;
const LEASES_MIN = 4;

export class Strangers {
  readonly #self: PeerId;
  readonly #standings: Standings;
  readonly #verified: Pick<VerifiedChunks, 'suffice'>;

  constructor(self: PeerId, standings: Standings, verified: Pick<VerifiedChunks, 'suffice'>) {
    this.#self = self;
    this.#standings = standings;
    this.#verified = verified;
  }

  /** Whether a peer has not passed a check yet, where it could have. */
  has(peer: PeerId): boolean {
    if (peer === this.#self || !this.#verified.suffice) return false;
    return this.#standings.passed(peer) < 1;
  }

  /** How many leases more they may have. @param held by each peer */
  room(held: ReadonlyMap<PeerId, number>): number {
    let strangers = 0;
    let others = 0;
    for (const [peer, count] of held) {
      if (this.has(peer)) strangers += count;
      else others += count;
    }
    return Math.max(LEASES_MIN, Math.floor(others * SHARE)) - strangers;
  }
}
