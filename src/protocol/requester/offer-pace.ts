/**
 * How fast this peer offers its own jobs: no faster than others take offers of one requester
 * (`origin-rates.ts`), since what is over their rate is lost without a word.
 *
 * What can wait leaves something for what can't. Picture a purse: at its bottom lies one coin for
 * each job that the grid knows, for the day when it is closed. The next ones are for offers that
 * would expire otherwise, and for new jobs. News of a job that is known already takes only from the
 * upper half, so that a few busy jobs don't use up what the others live on.
 */

import { limits } from '../../model/limits.ts';
import type { Allowance } from '../allowance.ts';
import { quietAllowance } from '../overlay/origin-rates.ts';

/** `first`: of a new job. `again`: before the last one expires. `change`: it says something new. */
export type OfferCause = 'first' | 'again' | 'change';

/** Left for what matters more than a change: a closed offer and another one of each job. */
const LEFT_BY_CHANGES_MIN = 2 * limits.offersPerRequesterMax;

export class OfferPace {
  readonly #allowance: Allowance = quietAllowance();

  /** @param live jobs that were offered and not closed */
  allows(cause: OfferCause, live: number, nowMs: number): boolean {
    return this.#allowance.has(nowMs, 1 + leftBy(cause, live));
  }

  /** An offer goes out; a closed one always may. */
  spend(): void {
    this.#allowance.spend();
  }
}

function leftBy(cause: OfferCause, live: number): number {
  if (cause === 'change') return LEFT_BY_CHANGES_MIN;
  // The new job will have to be closed as well.
  return cause === 'first' ? live + 1 : live;
}
