/**
 * A neighbour that did not answer, and what others say of it: some of the other neighbours were
 * asked whether they reach it (SWIM's indirect probes; Das, Gupta, Motivala 2002).
 */

import type { PeerId } from '../../model/ids.ts';
import { suspicionMs } from '../patience.ts';

/**
 * The shortest and the longest suspicion. Those who are asked answer within the shortest
 * (`errands.ts`). With the looks of `failure-detector.ts` a machine that lost power is parted with
 * 16 to 24 s after its last word.
 */
export const SUSPICION_MS_MIN = 3_000;
const SUSPICION_MS_MAX = 6_000;
/** For the link to a peer that somebody else reaches: it is up, and may be busy. A guess. */
const UNREACHABLE_MS = 10_000;

export class Suspicion {
  /** Of the probes that others were asked for. */
  readonly id: number;
  readonly sinceMs: number;
  readonly #asked: number;
  /** Of those asked, who has not answered. */
  readonly #awaited: Set<PeerId>;
  #confirmations = 0;
  #isReached = false;
  /** Whether the time to answer is over, and was considered. */
  isDue = false;

  constructor(id: number, sinceMs: number, asked: readonly PeerId[]) {
    this.id = id;
    this.sinceMs = sinceMs;
    this.#asked = asked.length;
    this.#awaited = new Set(asked);
  }

  /** One answer of each that was asked counts. */
  heed(from: PeerId, reached: boolean): void {
    if (!this.#awaited.delete(from)) return;
    if (reached) this.#isReached = true;
    else this.#confirmations += 1;
  }

  /** Nobody answered, so it may be this peer that nobody hears. */
  get isLonely(): boolean {
    return this.#awaited.size === this.#asked;
  }

  /** How long it lasts, as things are. */
  get patienceMs(): number {
    if (this.#isReached) return UNREACHABLE_MS;
    return suspicionMs(this.#confirmations, this.#asked, SUSPICION_MS_MIN, SUSPICION_MS_MAX);
  }

  get verdict(): 'dead' | 'unreachable' {
    return this.#isReached ? 'unreachable' : 'dead';
  }
}
