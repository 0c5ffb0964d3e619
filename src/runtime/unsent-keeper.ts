/**
 * Writes down results that their requesters have not acknowledged. Without that they are computed
 * again if this process ends before they are delivered, and nothing else: so a disk that is full is
 * told of, and no reason to stop. What it could not take is held here, and tried again.
 *
 * The machine holds all of it in memory anyway and says what is dropped: what is held here costs
 * nothing but the names of it.
 */

import type { JobId, PeerId } from '../model/ids.ts';
import { bytesOfReplica, type Unsent } from '../model/unsent.ts';
import { UnsentShares } from '../model/unsent-shares.ts';
import type { Clock, Store, Timers } from '../ports.ts';
import type { Effect } from '../protocol/events.ts';
import { GIVEN_UP_AFTER_MS } from '../protocol/volunteer/outbox.ts';
import { LastingTrouble } from './lasting-trouble.ts';
import type { Logger } from './log.ts';
import { TriedAgain } from './tried-again.ts';

/** Written as one, or not at all: where there is room for some of it, some is kept. A guess. */
const PORTION_BYTES = 1024 * 1024;

export type UnsentKeeperComponents = {
  readonly store: Pick<Store, 'putUnsent' | 'dropUnsent'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
};

export class UnsentKeeper {
  readonly #components: UnsentKeeperComponents;
  readonly #trouble: LastingTrouble;
  readonly #writing: TriedAgain;
  /** By requester, job and lease, the oldest first; bounded as what is on the disk. */
  readonly #unwritten = new Map<string, Unsent>();
  readonly #shares = new UnsentShares();

  constructor(components: UnsentKeeperComponents) {
    this.#components = components;
    const what = "results that wait for their requesters can't be kept";
    this.#trouble = new LastingTrouble(what, components);
    this.#writing = new TriedAgain(() => this.#write(), this.#trouble, components.timers);
  }

  carryOut(effect: Extract<Effect, { type: 'keep-unsent' | 'drop-unsent' }>): void {
    if (effect.type === 'drop-unsent') this.#drop(effect);
    else this.#keep(effect.results);
  }

  /** The last attempt. */
  stop(): void {
    this.#writing.stop();
  }

  #keep(results: readonly Unsent[]): void {
    for (const result of results) {
      const key = keyOf(result.requester, result.job, result.replica.lease);
      this.#letGo(key);
      this.#unwritten.set(key, result);
      this.#shares.add(result.requester, bytesOfReplica(result.replica));
    }
    this.#writing.try();
    for (let { over } = this.#shares; over !== undefined; { over } = this.#shares) {
      this.#letGo(this.#oldestOf(over));
    }
  }

  #drop({ requester, job, leases }: Extract<Effect, { type: 'drop-unsent' }>): void {
    for (const lease of leases) this.#letGo(keyOf(requester, job, lease));
    try {
      this.#components.store.dropUnsent(requester, job, leases);
    } catch (error) {
      this.#trouble.tell(error);
    }
  }

  #write(): void {
    const { store, clock, log } = this.#components;
    const results = this.#unwritten.size;
    while (this.#unwritten.size > 0) {
      const portion = this.#portion();
      store.putUnsent([...portion.values()], clock.unixMs());
      for (const key of portion.keys()) this.#letGo(key);
    }
    if (results > 0) log.debug({ results }, 'results kept until they are acknowledged');
  }

  /** The oldest. */
  #portion(): Map<string, Unsent> {
    const portion = new Map<string, Unsent>();
    let bytes = 0;
    for (const [key, result] of this.#unwritten) {
      portion.set(key, result);
      bytes += bytesOfReplica(result.replica);
      if (bytes >= PORTION_BYTES) break;
    }
    return portion;
  }

  #oldestOf(requester: string): string {
    for (const [key, result] of this.#unwritten) if (result.requester === requester) return key;
    throw new Error(`there is a share of ${requester}, and nothing that it is made of`);
  }

  #letGo(key: string): void {
    const result = this.#unwritten.get(key);
    if (result === undefined) return;
    this.#unwritten.delete(key);
    this.#shares.remove(result.requester, bytesOfReplica(result.replica));
  }
}

function keyOf(requester: PeerId, job: JobId, lease: number): string {
  return `${requester} ${job} ${lease}`;
}

/** What an earlier process could not deliver, and may still be wanted. */
export function unsentLeft(store: Pick<Store, 'listUnsent'>, unixMs: number): readonly Unsent[] {
  return store.listUnsent(unixMs - GIVEN_UP_AFTER_MS);
}
