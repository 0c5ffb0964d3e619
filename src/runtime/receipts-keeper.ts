/**
 * Writes down receipts for this peer's work. Without one there is less to show for it, and nothing
 * else: so nothing waits for it, and a disk that is full is told of seldom. But a requester sends a
 * receipt once, so what the disk could not take is held here, and tried again with the next one,
 * after a minute, and at the end.
 */

import type { SignedReceipt } from '../model/receipt.ts';
import type { Clock, Store, Timers } from '../ports.ts';
import { LastingTrouble } from './lasting-trouble.ts';
import type { Logger } from './log.ts';

/** Somebody who makes room on a disk takes longer than that; a guess. */
const TRIED_AGAIN_MS = 60_000;
/** Of half a KiB each. Beyond that the oldest goes of whoever has sent the most. A guess. */
const WAITING_MAX = 1024;

export type ReceiptsKeeperComponents = {
  readonly store: Pick<Store, 'putReceipt'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
  readonly log: Logger;
};

export class ReceiptsKeeper {
  readonly #components: ReceiptsKeeperComponents;
  readonly #trouble: LastingTrouble;
  readonly #loss: LastingTrouble;
  /** By requester and job, the oldest first. */
  readonly #waiting = new Map<string, SignedReceipt>();
  #cancelRetry = (): void => undefined;

  constructor(components: ReceiptsKeeperComponents) {
    this.#components = components;
    this.#trouble = new LastingTrouble("receipts can't be kept yet", components);
    this.#loss = new LastingTrouble('receipts are lost', components);
  }

  keep(signed: SignedReceipt): void {
    const { requester, job, chunks } = signed.receipt;
    this.#components.log.info({ requester, job, chunks }, 'a receipt has come');
    const key = `${requester} ${job}`;
    // The last one of a job counts, and is kept as the last that came.
    this.#waiting.delete(key);
    this.#waiting.set(key, signed);
    this.#write();
    if (this.#waiting.size > WAITING_MAX) this.#dropOne();
  }

  /** The last attempt. */
  stop(): void {
    this.#write();
    this.#cancelRetry();
  }

  #write(): void {
    const { store, timers } = this.#components;
    this.#cancelRetry();
    try {
      for (const [key, signed] of this.#waiting) {
        store.putReceipt(signed);
        this.#waiting.delete(key);
      }
    } catch (error) {
      this.#trouble.tell(error);
      this.#cancelRetry = timers.after(TRIED_AGAIN_MS, () => this.#write());
    }
  }

  #dropOne(): void {
    const byRequester = Map.groupBy(this.#waiting, ([, { receipt }]) => receipt.requester);
    const [most] = [...byRequester.values()].sort((one, other) => other.length - one.length);
    const [key] = most?.[0] ?? [];
    if (key !== undefined) this.#waiting.delete(key);
    this.#loss.tell(new Error(`more than ${WAITING_MAX} wait for room on the disk`));
  }
}
