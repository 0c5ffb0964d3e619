/**
 * Takes from what `split` returned as much as one pull asks for. Between pulls nothing is taken, so
 * that a split of a billion chunks is never more than one batch ahead of whoever reads it.
 */

import { limits } from '../model/limits.ts';
import { isFunction, isRecord } from './shapes.ts';
import { describeThrown } from './thrown.ts';

/** Chunks that one pull may bring: as many as a frame of leases holds. */
const batchChunksMax = limits.frameItemsMax;
/** A batch is closed at this size, so that it is at most this and one largest chunk more. */
const batchFillBytes = limits.chunkInputBytesMax;
/** A split that yields now and then hands over what it has: chunks should be computed meanwhile. */
const batchMsMax = 50;

export type SplitBatch = {
  /** Canonical CBOR of each chunk. */
  readonly chunks: readonly Uint8Array[];
  /** No more chunks come after these. */
  readonly ended: boolean;
};

/** Makes canonical CBOR of what was yielded. @throws for what can't be */
export type EncodeChunk = (value: unknown) => Uint8Array;

/** Any iterator, sync or async, seen as one that may answer later. */
export type Steps = { next(): unknown };

export class SplitReader {
  readonly #steps: Steps;
  readonly #encode: EncodeChunk;
  readonly #nowMs: () => number;
  #yielded = 0;

  constructor(steps: Steps, encode: EncodeChunk, nowMs: () => number) {
    this.#steps = steps;
    this.#encode = encode;
    this.#nowMs = nowMs;
  }

  /** @throws {Error} whose message says what is wrong with which chunk, or what `split` threw */
  async nextBatch(): Promise<SplitBatch> {
    const chunks: Uint8Array[] = [];
    const startedMs = this.#nowMs();
    let bytes = 0;
    while (chunks.length < batchChunksMax && bytes < batchFillBytes) {
      if (chunks.length > 0 && this.#nowMs() - startedMs > batchMsMax) break;
      const step = await this.#steps.next();
      if (!isRecord(step)) throw new Error('the iterator that split returned yields no results');
      if (step['done'] === true) {
        if (this.#yielded === 0) {
          throw new Error('split yielded no chunks, and a job needs one; look at its parameters');
        }
        return { chunks, ended: true };
      }
      const chunk = this.#encoded(await step['value']);
      this.#yielded += 1;
      bytes += chunk.byteLength;
      chunks.push(chunk);
    }
    return { chunks, ended: false };
  }

  #encoded(value: unknown): Uint8Array {
    const chunk = `chunk ${this.#yielded} that split yielded`;
    let bytes: Uint8Array;
    try {
      bytes = this.#encode(value);
    } catch (error) {
      throw new Error(`${chunk} can't be sent: ${describeThrown(error)}`, { cause: error });
    }
    if (bytes.byteLength <= limits.chunkInputBytesMax) return bytes;
    throw new Error(
      `${chunk} has ${bytes.byteLength} bytes as CBOR, but a chunk may have at most ` +
        `${limits.chunkInputBytesMax}: yield smaller pieces`,
    );
  }
}

/** @throws {Error} when `split` returned nothing that can be iterated over */
export function stepsOf(returned: unknown): Steps {
  if (isRecord(returned)) {
    for (const symbol of [Symbol.asyncIterator, Symbol.iterator]) {
      const iterate: unknown = Reflect.get(returned, symbol);
      if (!isFunction(iterate)) continue;
      const iterator: unknown = Reflect.apply(iterate, returned, []);
      if (!isRecord(iterator)) break;
      const { next } = iterator;
      if (isFunction(next)) return { next: () => Reflect.apply(next, iterator, []) };
    }
  }
  throw new Error(
    'split must return something to iterate over, as a generator or an array is, ' +
      `but it returned ${returned === null ? 'null' : `a value of type ${typeof returned}`}`,
  );
}
