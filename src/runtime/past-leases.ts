/**
 * The leases that earlier processes have made of a job, in columns: there may be millions. They are
 * kept in blocks of numbers without a gap, since each process begins some thousands behind the one
 * before (`lease-book.ts`): with a column over all numbers a job that was started again a thousand
 * times would need 131 MB for them.
 *
 *   | 1 ... 16,384 | 16,385 ... 20,000 |   nobody's   | 36,385 ... 36,400 |
 */

import type { PeerId } from '../model/ids.ts';

/** Of one block: so much is copied when it grows, and wasted where it is the last. */
const BLOCK_LEASES_MAX = 16_384;
const BLOCK_LEASES_FIRST = 64;
/** Marks what was answered, in the column of the peers. */
const ANSWERED = 2 ** 31;

type Block = {
  readonly first: number;
  count: number;
  /** The places of their peers in #peers, from 1. */
  holders: Uint32Array<ArrayBuffer>;
  chunks: Uint32Array<ArrayBuffer>;
};

export class PastLeases {
  /** In the order of their numbers. */
  readonly #blocks: Block[] = [];
  readonly #peers: PeerId[] = [];
  readonly #places = new Map<PeerId, number>();
  last = 0;

  /** The oldest first: numbers that were given before stay whose they are. */
  add(peer: PeerId, first: number, chunks: readonly number[]): void {
    const place = this.#placeOf(peer);
    for (const [index, chunk] of chunks.entries()) {
      const lease = first + index;
      const block = this.#blockFor(lease);
      if (block === undefined) continue;
      block.holders[block.count] = place;
      block.chunks[block.count] = chunk;
      block.count += 1;
    }
    this.last = Math.max(this.last, first + chunks.length - 1);
  }

  /** @returns whether that is the first answer to a lease of the peer's */
  answer(peer: PeerId, lease: number, chunk: number): boolean {
    const place = this.#places.get(peer);
    const block = this.#blockOf(lease);
    if (place === undefined || block === undefined) return false;
    const at = lease - block.first;
    if (block.holders[at] !== place || block.chunks[at] !== chunk) return false;
    block.holders[at] = place + ANSWERED;
    return true;
  }

  /** The oldest first. */
  *all(): Generator<{
    readonly lease: number;
    readonly chunk: number;
    readonly peer: PeerId;
    readonly isAnswered: boolean;
  }> {
    for (const { first, count, holders, chunks } of this.#blocks) {
      for (let at = 0; at < count; at++) {
        const holder = holders[at] ?? 0;
        const isAnswered = holder >= ANSWERED;
        const peer = this.#peers[holder - (isAnswered ? ANSWERED : 0) - 1];
        const chunk = chunks[at];
        if (peer === undefined || chunk === undefined) continue;
        yield { lease: first + at, chunk, peer, isAnswered };
      }
    }
  }

  #placeOf(peer: PeerId): number {
    const known = this.#places.get(peer);
    if (known !== undefined) return known;
    const place = this.#peers.push(peer);
    this.#places.set(peer, place);
    return place;
  }

  /** With room for one more, which is the lease; undefined if that was given before. */
  #blockFor(lease: number): Block | undefined {
    const last = this.#blocks.at(-1);
    const end = last === undefined ? -Infinity : last.first + last.count;
    if (lease < end) return undefined;
    if (last !== undefined && lease === end && last.count < BLOCK_LEASES_MAX) {
      if (last.count === last.chunks.length) resize(last, 2 * last.count);
      return last;
    }
    if (last !== undefined) resize(last, last.count);
    const holders = new Uint32Array(BLOCK_LEASES_FIRST);
    const chunks = new Uint32Array(BLOCK_LEASES_FIRST);
    const block = { first: lease, count: 0, holders, chunks };
    this.#blocks.push(block);
    return block;
  }

  /** The one that has the number. */
  #blockOf(lease: number): Block | undefined {
    let [low, high] = [0, this.#blocks.length];
    // The first one that is behind it is at `high` or before, and behind `low`.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle]?.first ?? Infinity) <= lease) low = middle + 1;
      else high = middle;
    }
    const block = this.#blocks[low - 1];
    return block !== undefined && lease < block.first + block.count ? block : undefined;
  }
}

function resize(block: Block, room: number): void {
  if (room === block.chunks.length) return;
  block.holders = resized(block.holders, room);
  block.chunks = resized(block.chunks, room);
}

function resized(column: Uint32Array<ArrayBuffer>, room: number): Uint32Array<ArrayBuffer> {
  const other = new Uint32Array(room);
  other.set(column.subarray(0, room));
  return other;
}
