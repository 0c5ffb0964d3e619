/**
 * Writes down results that their requesters have not acknowledged. Without that they are computed
 * again if this process ends before they are delivered, and nothing else: so a disk that is full is
 * told of, and no reason to stop.
 */

import type { Unsent } from '../model/unsent.ts';
import type { Clock, Store } from '../ports.ts';
import type { Effect } from '../protocol/events.ts';
import { GIVEN_UP_AFTER_MS } from '../protocol/outbox.ts';
import { LastingTrouble } from './lasting-trouble.ts';
import type { Logger } from './log.ts';

export type UnsentKeeperComponents = {
  readonly store: Pick<Store, 'putUnsent' | 'dropUnsent'>;
  readonly clock: Clock;
  readonly log: Logger;
};

export class UnsentKeeper {
  readonly #components: UnsentKeeperComponents;
  readonly #trouble: LastingTrouble;

  constructor(components: UnsentKeeperComponents) {
    this.#components = components;
    const what = "results that wait for their requesters can't be kept";
    this.#trouble = new LastingTrouble(what, components);
  }

  carryOut(effect: Extract<Effect, { type: 'keep-unsent' | 'drop-unsent' }>): void {
    const { store, clock, log } = this.#components;
    try {
      if (effect.type === 'drop-unsent') {
        store.dropUnsent(effect.requester, effect.job, effect.leases);
      } else {
        store.putUnsent(effect.results, clock.unixMs());
        log.debug({ results: effect.results.length }, 'results kept until they are acknowledged');
      }
    } catch (error) {
      this.#trouble.tell(error);
    }
  }
}

/** What an earlier process could not deliver, and may still be wanted. */
export function unsentLeft(store: Pick<Store, 'listUnsent'>, unixMs: number): readonly Unsent[] {
  return store.listUnsent(unixMs - GIVEN_UP_AFTER_MS);
}
