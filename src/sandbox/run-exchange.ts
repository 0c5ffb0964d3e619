/**
 * A run of some chunks in the sandbox's process, seen from the peer.
 *
 * Digests don't cross the channel: they are computed here, of the bytes that came. A requester
 * stores the result of its own sandbox under the digest that it was accepted by, so a process that
 * lies must not be able to say one and send the other. It costs 1 us for a small result and some
 * milliseconds for a frame of large ones.
 */

import { limits } from '../model/limits.ts';
import type { ChunkOutcome } from '../ports.ts';
import { digestOf } from '../wire/digest.ts';
import { unpack } from '../wire/packed.ts';
import { batchFillBytes, type PendingBatch, returned } from './pending-batch.ts';
import type { Exchange } from './process-client.ts';
import { type FromProcess, type OutcomeKind, outcomeKinds } from './process-messages.ts';

const resultKind = outcomeKinds.indexOf('result');

export class RunExchange implements Exchange {
  /** Whether the process had the program; once all chunks are settled, or none. */
  readonly done: Promise<boolean>;
  readonly pending: PendingBatch;
  readonly #indexes: readonly number[];
  readonly #resolve: (hadProgram: boolean) => void;
  readonly fail: (error: unknown) => void;
  #settled = 0;
  /** Of results, before the message that is looked at. */
  #bytes = 0;

  /** @param indexes places in the batch, in the order in which the process gets the chunks */
  constructor(pending: PendingBatch, indexes: readonly number[]) {
    this.pending = pending;
    this.#indexes = indexes;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.done = promise;
    this.#resolve = resolve;
    this.fail = reject;
  }

  receive(message: FromProcess, body: Uint8Array): 'more' | 'last' | 'breach' {
    if (message.type === 'program-missing' && this.#settled === 0) {
      this.#resolve(false);
      return 'last';
    }
    if (message.type !== 'outcomes') return 'breach';
    const items = unpack({ bytes: body, ends: Uint32Array.from(message.ends) });
    const bytes = this.#bytes + bytesOfResults(message.kinds, items);
    if (!this.#mayBe(message.kinds, items, bytes)) return 'breach';
    this.#bytes = bytes;
    for (const [place, item] of items.entries()) {
      const index = this.#indexes[this.#settled] ?? 0;
      const kind = outcomeKinds[message.kinds[place] ?? 0] ?? 'returned';
      this.pending.settle(index, outcomeOf(kind, item, message.computeMs[place] ?? 0));
      this.#settled += 1;
    }
    if (this.#settled < this.#indexes.length) return 'more';
    this.#resolve(true);
    return 'last';
  }

  /**
   * Nothing is taken from a message of which a part is wrong.
   * @param bytes of all results so far, with these
   */
  #mayBe(kinds: readonly number[], items: readonly Uint8Array[], bytes: number): boolean {
    const { resultBytesMax } = this.pending.batch.limits;
    const awaited = this.#indexes.length - this.#settled;
    if (items.length === 0 || items.length > awaited) return false;
    const isEachSmall = items.every(
      ({ byteLength }, place) => kinds[place] !== resultKind || byteLength <= resultBytesMax,
    );
    return isEachSmall && bytes < batchFillBytes + resultBytesMax;
  }
}

function bytesOfResults(kinds: readonly number[], items: readonly Uint8Array[]): number {
  return items.reduce(
    (sum, { byteLength }, place) => sum + (kinds[place] === resultKind ? byteLength : 0),
    0,
  );
}

function outcomeOf(kind: OutcomeKind, item: Uint8Array, computeMs: number): ChunkOutcome {
  switch (kind) {
    case 'result':
      return { outcome: { type: 'result', digest: digestOf(item), value: item }, computeMs };
    case 'returned':
      return returned;
    default: {
      const detail = new TextDecoder().decode(item).slice(0, limits.reasonCharsMax);
      return { outcome: { type: 'failure', failure: { kind, detail } }, computeMs };
    }
  }
}
