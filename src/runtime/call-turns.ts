/**
 * Whose results the job's script is asked about next. Of each volunteer a few results at a time are
 * looked at, and so one small batch of calls is in the sandbox, which runs batches in the order in
 * which they come. So volunteers take turns: who made its results so that a call takes long waits
 * for them itself, behind everybody else.
 *
 * Taking turns is not enough where a name costs nothing. Who breaks a few calls all by itself, with
 * nothing in them that somebody else has returned, is asked about no more. What one name can take
 * away is so bounded, by a dozen calls of ten seconds; see docs/trust.md.
 */

import type { PeerId } from '../model/ids.ts';

/** Looked at in one turn. Others wait for a call about each of them, however long. A guess. */
export const TURN_RESULTS_MAX = 4;

/**
 * A chunk on which `verify` fails whoever computed it would end the job; one or two of them may
 * come before that is seen. A guess.
 */
const BROKEN_MAX = 3;

export class CallTurns {
  /** When the last turn that each volunteer waits for is over. */
  readonly #turns = new Map<PeerId, Promise<unknown>>();
  /** Calls that each has broken. Only who held a lease can: no more than contributors. */
  readonly #broken = new Map<PeerId, number>();

  /** Begins when all work is done that came before and is about results of the same volunteer. */
  async take<Result>(from: PeerId, work: () => Promise<Result>): Promise<Result> {
    const turn = Promise.allSettled([this.#turns.get(from)]).then(work);
    this.#turns.set(from, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(from) === turn) this.#turns.delete(from);
    }
  }

  /** One of its results has broken a call that had nothing of others' in it. */
  broke(from: PeerId): void {
    this.#broken.set(from, (this.#broken.get(from) ?? 0) + 1);
  }

  /** Nothing is to be asked about its results any more. */
  isDone(from: PeerId): boolean {
    return (this.#broken.get(from) ?? 0) >= BROKEN_MAX;
  }
}
