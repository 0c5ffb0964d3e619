/**
 * The merge of jobs that need no code for it: what each chunk wrote, one after the other in chunk
 * order, written to disk as it comes. So that the parts can be told apart again, where each ends is
 * kept in a blob beside the bytes: 8 bytes a chunk, as long as there are not too many.
 */

import { setImmediate as breathe } from 'node:timers/promises';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { Store, StoredOutput } from '../ports.ts';
import { decodeCanonical } from '../wire/canonical-cbor.ts';

/** Small results are written together: a write costs some 50 us, whatever its size. */
const WRITE_FILL_BYTES = 256 * 1024;

const FLOAT64_BYTES = 8;

/**
 * @param results canonical CBOR of byte strings in chunk order, some at a time
 * @throws {GridError} `job-failed` for a result that is something else; whatever the store or the
 *   signal throws. Nothing is left behind then.
 */
export async function joinResults(
  results: AsyncIterable<readonly Uint8Array[]>,
  store: Pick<Store, 'putBlob' | 'putBlobPieces'>,
  signal: AbortSignal,
): Promise<StoredOutput> {
  const ends = new Ends();
  const { digest: blob } = await store.putBlobPieces(joined(results, ends, signal));
  const bytes = ends.bytes();
  if (bytes === undefined) return { kind: 'bytes', blob };
  return { kind: 'bytes', blob, parts: await store.putBlob(bytes) };
}

async function* joined(
  results: AsyncIterable<readonly Uint8Array[]>,
  ends: Ends,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const values of results) {
    for (const value of values) {
      const part = stdoutOf(value, ends.count);
      parts.push(part);
      bytes += part.length;
      ends.add(part.length);
      if (bytes < WRITE_FILL_BYTES) continue;
      yield Buffer.concat(parts, bytes);
      parts = [];
      bytes = 0;
    }
    // Thousands of small results make no write, and would be joined without a pause.
    await breathe();
    signal.throwIfAborted();
  }
  signal.throwIfAborted();
  yield Buffer.concat(parts, bytes);
}

/** Volunteers that agree on a result agree on any bytes; that these are CBOR nobody has checked. */
function stdoutOf(value: Uint8Array, chunk: number): Uint8Array {
  let reason = 'it is another value';
  try {
    const decoded = decodeCanonical(value);
    if (decoded instanceof Uint8Array) return decoded;
  } catch (error) {
    reason = reasonOf(error);
  }
  throw new GridError(
    'job-failed',
    `The result of chunk ${chunk} is not a string of bytes (${reason}), which is all that a WASI ` +
      'program can give. The peers that agreed on it are in error, or mean harm: submit the job ' +
      'again with a higher --trust.',
  );
}

/** Where each part ends, counted from the beginning, while there are at most `partsMax`. */
class Ends {
  #ends: number[] = [];
  #count = 0;
  #end = 0;

  /** Parts added, which is the number of the chunk that comes next. */
  get count(): number {
    return this.#count;
  }

  add(bytes: number): void {
    this.#count += 1;
    this.#end += bytes;
    if (this.#count <= limits.partsMax) this.#ends.push(this.#end);
    else this.#ends = [];
  }

  /** Undefined when there are too many. */
  bytes(): Uint8Array | undefined {
    if (this.#count > limits.partsMax) return undefined;
    const view = new DataView(new ArrayBuffer(this.#ends.length * FLOAT64_BYTES));
    for (const [index, end] of this.#ends.entries()) {
      view.setFloat64(index * FLOAT64_BYTES, end, true);
    }
    return new Uint8Array(view.buffer);
  }
}

/** Of the blob that `joinResults` made. */
export function partEnds(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.byteLength / FLOAT64_BYTES }, (_, index) =>
    view.getFloat64(index * FLOAT64_BYTES, true),
  );
}
