/**
 * Blobs in memory while they are served. Many volunteers fetch a job's program at the same time, so
 * each blob is held once for all of them, from the first that begins to the last that ends. How
 * much the blobs may have together is checked before one is read, and they are read one at a time:
 * so at most one blob more than the bound is ever held. The alternative, reading each piece from
 * the disk when it is its turn, would leave damage to be found by every receiver.
 */

import type { Digest } from '../model/ids.ts';

export type BlobSource = (blob: Digest) => Promise<Uint8Array | undefined>;

type Held = { readonly bytes: Promise<Uint8Array | undefined>; users: number };

export class HeldBlobs {
  readonly #source: BlobSource;
  readonly #bytesMax: number;
  readonly #held = new Map<Digest, Held>();
  #heldBytes = 0;
  #lastRead: Promise<unknown> = Promise.resolve();

  constructor(source: BlobSource, bytesMax: number) {
    this.#source = source;
    this.#bytesMax = bytesMax;
  }

  /**
   * Hands the blob to `use`, and holds it until that has ended.
   * @param use gets undefined for a blob that is not there
   * @throws {HoldsTooMuch} now; later there may be room. And whatever the source throws.
   */
  async with(blob: Digest, use: (bytes: Uint8Array | undefined) => Promise<void>): Promise<void> {
    const held = this.#held.get(blob) ?? this.#hold(blob);
    held.users += 1;
    try {
      await use(await held.bytes);
    } finally {
      held.users -= 1;
      if (held.users === 0) await this.#letGo(blob, held);
    }
  }

  #hold(blob: Digest): Held {
    const bytes = this.#lastRead.then(async () => {
      if (this.#heldBytes >= this.#bytesMax) throw new HoldsTooMuch('too much is held');
      const read = await this.#source(blob);
      this.#heldBytes += read?.length ?? 0;
      return read;
    });
    this.#lastRead = bytes.catch(() => undefined);
    const held = { bytes, users: 0 };
    this.#held.set(blob, held);
    return held;
  }

  async #letGo(blob: Digest, held: Held): Promise<void> {
    if (this.#held.get(blob) === held) this.#held.delete(blob);
    const bytes = await held.bytes.catch(() => undefined);
    this.#heldBytes -= bytes?.length ?? 0;
  }
}

export class HoldsTooMuch extends Error {
  override readonly name = 'HoldsTooMuch';
}
