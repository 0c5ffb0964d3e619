/**
 * Chunks whose results are believed, a sample of them, to check peers by: leased again, they look
 * like any other work. A peer is never given one that it knows already, from work or from a check.
 *
 * The sample is one of all that were ever verified (Vitter's reservoir): early chunks are as likely
 * in it as late ones, so that nobody learns which are used.
 */

import type { Digest, PeerId } from '../../model/ids.ts';
import type { Random } from '../random.ts';

/** The first chunks, which are decided at any price, to check peers with. A guess. */
export const PIONEERS = 8;
/** Enough that peers rarely find one known. With the peers that know them some 300 KB. */
const VERIFIED_MAX = 1_024;
/** Tries to find one that the peer does not know. */
const TRIES_MAX = 8;

export type Verified = { readonly chunk: number; readonly digest: Digest };

type Entry = Verified & { readonly knownTo: Set<PeerId> };

export class VerifiedChunks {
  readonly #random: Random;
  readonly #entries: Entry[] = [];
  #seen = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether peers can be told apart by them. */
  get suffice(): boolean {
    return this.#entries.length >= PIONEERS;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** @param peers who have computed it */
  add(chunk: number, digest: Digest, peers: Iterable<PeerId>): void {
    this.#seen += 1;
    const entry = { chunk, digest, knownTo: new Set(peers) };
    if (this.#entries.length < VERIFIED_MAX) {
      this.#entries.push(entry);
      return;
    }
    const at = Math.floor(this.#random.next() * this.#seen);
    if (at < VERIFIED_MAX) this.#entries[at] = entry;
  }

  /** It is not believed any more. */
  delete(chunk: number): void {
    const at = this.#entries.findIndex((entry) => entry.chunk === chunk);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  /** One that the peer does not know, and now does. */
  take(peer: PeerId): Verified | undefined {
    for (let tried = 0; tried < TRIES_MAX; tried++) {
      const entry = this.#entries[Math.floor(this.#random.next() * this.#entries.length)];
      if (entry === undefined) return undefined;
      if (entry.knownTo.has(peer)) continue;
      entry.knownTo.add(peer);
      return entry;
    }
    return undefined;
  }
}
