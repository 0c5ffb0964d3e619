/**
 * How many random walks one neighbour may send through this peer, and this peer through it.
 *
 * A correct neighbour passes on what others began, so what it sends is not all its own doing: some
 * stranger behind it may want to see it punished. Therefore every peer keeps to a pace in sending,
 * a slower one than it allows in receiving. What comes too fast is dropped, and only a flood, which
 * no correct peer can be made to send, is held against the neighbour.
 */

import { Allowance } from '../allowance.ts';

/** Of one kind of message on one link, as it may be received. */
export type Pace = {
  /** So many at once. */
  readonly countMax: number;
  /** Then one in so long. */
  readonly everyMs: number;
};

export type PaceVerdict = 'take' | 'drop' | 'flood';

/**
 * How often a peer begins a shuffle. The paper counts in rounds of no length; iroh-gossip has this,
 * as a "wild guess". Shuffles are half of all that an idle overlay says, and with twice as many
 * nothing measured was better: not after crashes of 90 %, and not with 10 % replaced each minute.
 */
export const SHUFFLE_EVERY_MS = 60_000;
/**
 * A shuffle goes over 7 links at most, and random walks spread evenly over all links. So of a
 * correct grid each of a peer's 5 links brings 7 / 5 of them in a minute, one in 43 s. Eight times
 * that. Replies come back over the same links.
 */
export const SHUFFLE_PACE: Pace = { countMax: 16, everyMs: 5_000 };
/**
 * A newcomer sends its host's four other neighbours walking. When hundreds come at once through one
 * host, it takes some 32 of them (`neighbourhood.ts`), and each neighbour gets one walk of each. A
 * guess with room.
 */
export const FORWARD_JOIN_PACE: Pace = { countMax: 128, everyMs: 250 };

/** In a grid of three peers every shuffle ends after two links: then more than half do. Guesses. */
const ENDED_MAX = 8;
const ENDED_EVERY_MS = 10_000;

/** What is sent has to be so much less: what waited somewhere may arrive all at once. */
const SENT_SHARE = 0.5;
/** Dropped in a row before it is a flood: there is no doubt then. A guess. */
const DROPPED_MAX = 64;

/** One kind of message on one link, both ways. */
export class WalkPace {
  readonly #received: Allowance;
  readonly #sent: Allowance;
  #dropped = 0;

  constructor({ countMax, everyMs }: Pace) {
    this.#received = new Allowance(countMax, everyMs);
    this.#sent = new Allowance(countMax * SENT_SHARE, everyMs / SENT_SHARE);
  }

  received(nowMs: number): PaceVerdict {
    if (this.#received.has(nowMs)) {
      this.#received.spend();
      this.#dropped = 0;
      return 'take';
    }
    this.#dropped += 1;
    return this.#dropped > DROPPED_MAX ? 'flood' : 'drop';
  }

  /** Whether one may be sent now; counts it if so. */
  maySend(nowMs: number): boolean {
    if (!this.#sent.has(nowMs)) return false;
    this.#sent.spend();
    return true;
  }
}

/** Of all walks on one link. */
export class WalkPaces {
  readonly shuffle = new WalkPace(SHUFFLE_PACE);
  readonly reply = new WalkPace(SHUFFLE_PACE);
  readonly forwardJoin = new WalkPace(FORWARD_JOIN_PACE);
  /** Shuffles whose walk ends here: only they bring anything into the passive view. */
  readonly ended = new Allowance(ENDED_MAX, ENDED_EVERY_MS);
}
