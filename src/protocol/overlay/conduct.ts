/**
 * What one neighbour may cost this peer: names, answers, questions, and gossip that is of no use.
 * All bounds are far beyond what a correct peer comes to, except those on answers and questions,
 * past which it is not served or not asked for a while, and nobody is blamed.
 */

import { limits } from '../../model/limits.ts';
import { Allowance } from '../allowance.ts';

/**
 * Names announced: all offers that there can be as a greeting, as many again in a flood, and then
 * those that the rates of all origins let through (400 in a second), with room to spare. Names
 * asked for come to less, since each was announced to who asks.
 */
const NAMES_MAX = 3 * limits.offersMax;
const NAME_EVERY_MS = 2;
/** Its own offers: of each of its jobs one in a second, some bursts. */
const OWN_MAX = 1024;
const OWN_EVERY_MS = 10;
/**
 * Copies that were neither asked for nor news, after they were declined: a correct peer's were on
 * their way already, and that many frames may wait on a slow stream.
 */
const USELESS_MAX = 2 * limits.streamQueueFramesMax;
const USELESS_EVERY_MS = 100;
/** An offer that expired long ago costs as much as so many copies: some 30 of them, no more. */
const STALE_COST = 64;
/** Offers sent as answers: all that there can be, and then 50 in a second, 200 KB at most. */
const ANSWERS_MAX = limits.offersMax;
const ANSWER_EVERY_MS = 20;
/** The same offer again to the same neighbour. */
const REPEAT_AFTER_MS = 10_000;
/** Asked for and not answered: a quarter of what its stream may have waiting. */
const ASKS_MAX = limits.streamQueueFramesMax / 4;
/** One that never answers is asked so often. */
const ASK_EVERY_MS = 100;

export class Conduct {
  readonly #names = new Allowance(NAMES_MAX, NAME_EVERY_MS);
  readonly #wanted = new Allowance(NAMES_MAX, NAME_EVERY_MS);
  readonly #own = new Allowance(OWN_MAX, OWN_EVERY_MS);
  readonly #useless = new Allowance(USELESS_MAX, USELESS_EVERY_MS);
  readonly #answers = new Allowance(ANSWERS_MAX, ANSWER_EVERY_MS);
  readonly #asks = new Allowance(ASKS_MAX, ASK_EVERY_MS);
  /** Names answered since `#answeredSinceMs`: bounded by the allowance. */
  readonly #answered = new Set<string>();
  #answeredSinceMs = 0;

  /** It announces so many. @returns false for what no correct peer does */
  announces(names: number, nowMs: number): boolean {
    return spendIfLeft(this.#names, names, nowMs);
  }

  /** It asks for so many. @returns false for what no correct peer does */
  asks(names: number, nowMs: number): boolean {
    return spendIfLeft(this.#wanted, names, nowMs);
  }

  /** It sends an offer of its own. @returns false for what no correct peer does */
  offersItsOwn(nowMs: number): boolean {
    return spendIfLeft(this.#own, 1, nowMs);
  }

  /** It sends a copy that was declined. @returns false for what no correct peer does */
  sendsUseless(nowMs: number): boolean {
    return spendIfLeft(this.#useless, 1, nowMs);
  }

  /** It sends what expired long ago. @returns false for what no correct peer does */
  sendsStale(nowMs: number): boolean {
    return spendIfLeft(this.#useless, STALE_COST, nowMs);
  }

  /** It asks for an offer. @param key of `nameKey` @returns whether it is answered */
  isAnswered(key: string, nowMs: number): boolean {
    if (nowMs >= this.#answeredSinceMs + REPEAT_AFTER_MS) {
      this.#answered.clear();
      this.#answeredSinceMs = nowMs;
    }
    if (this.#answered.has(key) || !spendIfLeft(this.#answers, 1, nowMs)) return false;
    this.#answered.add(key);
    return true;
  }

  /** @returns whether it may be asked for one offer more, which it then is */
  isAsked(nowMs: number): boolean {
    return spendIfLeft(this.#asks, 1, nowMs);
  }

  /** It has sent what it was asked for. */
  hasAnswered(): void {
    this.#asks.refund();
  }
}

function spendIfLeft(allowance: Allowance, count: number, nowMs: number): boolean {
  if (!allowance.has(nowMs, count)) return false;
  allowance.spend(count);
  return true;
}
