/** Trouble that is no reason to stop, and may last, such as a full disk: it is told of seldom. */

import { reasonOf } from '../model/errors.ts';
import type { Clock } from '../ports.ts';
import type { Logger } from './log.ts';

const TOLD_EVERY_MS = 3_600_000;

export type LastingTroubleComponents = {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
};

export class LastingTrouble {
  readonly #what: string;
  readonly #components: LastingTroubleComponents;
  #toldAtMs = -Infinity;

  /** @param what goes wrong, for a person */
  constructor(what: string, components: LastingTroubleComponents) {
    this.#what = what;
    this.#components = components;
  }

  /** It has gone wrong once more. */
  tell(error: unknown): void {
    const { clock, log } = this.#components;
    if (clock.nowMs() - this.#toldAtMs < TOLD_EVERY_MS) return;
    this.#toldAtMs = clock.nowMs();
    const reason = reasonOf(error);
    log.warn({ reason }, `${this.#what}: ${reason}`);
  }
}
