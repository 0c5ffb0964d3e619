/**
 * What a job's `equals` took for equal, as its requester says. There may be one for each signature,
 * so they are columns, sorted as they come: by the chunk, and then by the digest.
 */

import { digest, type Digest } from '../model/ids.ts';
import type { Equivalent } from '../ports.ts';
import { Column, Rows } from './columns.ts';

const DIGEST_BYTES = 32;

export class AuditEquivalents {
  readonly #chunks = new Column();
  /** Each digest, and that of the result that it counts as. */
  readonly #digests = new Rows(2 * DIGEST_BYTES);

  /** @returns false for one that does not come behind those before it, which is left out */
  add({ chunk, digest: signed, of }: Equivalent): boolean {
    const key = Buffer.from(signed, 'hex');
    const { length } = this.#chunks;
    if (length > 0 && this.#compare(length - 1, chunk, key) >= 0) return false;
    this.#chunks.push(chunk);
    this.#digests.push(Buffer.from(signed + of, 'hex'));
    return true;
  }

  /** The result that it counts as: itself, unless something else was said. */
  of(chunk: number, signed: Digest): Digest {
    const key = Buffer.from(signed, 'hex');
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const order = this.#compare(middle, chunk, key);
      if (order === 0) return digest(this.#digests.hex(middle, DIGEST_BYTES, 2 * DIGEST_BYTES));
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return signed;
  }

  #compare(index: number, chunk: number, key: Uint8Array): number {
    return this.#chunks.at(index) - chunk || this.#digests.compare(index, key);
  }
}
