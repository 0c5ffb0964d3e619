/**
 * Writes down receipts for this peer's work. Without one there is less to show for it, and nothing
 * else: so nothing waits for it, and a disk that is full is told of seldom. But a requester sends a
 * receipt once, so what the disk could not take is held here, and tried again.
 */

import type { SignedReceipt } from '../model/receipt.ts';
import type { Clock, Store, Timers } from '../ports.ts';
import { LastingTrouble } from './lasting-trouble.ts';
import type { Logger } from './log.ts';
import { TriedAgain } from './tried-again.ts';

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
  readonly #writing: TriedAgain;
  readonly #loss: LastingTrouble;
  /** By requester and job, the oldest first. */
  readonly #waiting = new Map<string, SignedReceipt>();

  constructor(components: ReceiptsKeeperComponents) {
    this.#components = components;
    const trouble = new LastingTrouble("receipts can't be kept yet", components);
    this.#writing = new TriedAgain(() => this.#write(), trouble, components.timers);
    this.#loss = new LastingTrouble('receipts are lost', components);
  }

  keep(signed: SignedReceipt): void {
    const { requester, job, chunks } = signed.receipt;
    this.#components.log.info({ requester, job, chunks }, 'a receipt has come');
    const key = `${requester} ${job}`;
    // The last one of a job counts, and is kept as the last that came.
    this.#waiting.delete(key);
    this.#waiting.set(key, signed);
    this.#writing.try();
    if (this.#waiting.size > WAITING_MAX) this.#dropOne();
  }

  /** The last attempt. */
  stop(): void {
    this.#writing.stop();
  }

  #write(): void {
    for (const [key, signed] of this.#waiting) {
      this.#components.store.putReceipt(signed);
      this.#waiting.delete(key);
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
