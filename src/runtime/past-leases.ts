/** The leases that earlier processes have made of a job, in columns: there may be millions. */

import type { PeerId } from '../model/ids.ts';

const ROOM_FIRST = 1024;
/** Marks what was answered, in the column of the peers. */
const ANSWERED = 2 ** 31;

export class PastLeases {
  /** By lease: the place of its peer in #peers, from 1; 0 for a number that was not given. */
  #holders = new Uint32Array(ROOM_FIRST);
  #chunks = new Uint32Array(ROOM_FIRST);
  readonly #peers: PeerId[] = [];
  readonly #places = new Map<PeerId, number>();
  last = 0;

  add(peer: PeerId, first: number, chunks: readonly number[]): void {
    const place = this.#placeOf(peer);
    this.#makeRoom(first + chunks.length);
    for (const [index, chunk] of chunks.entries()) {
      this.#holders[first + index] = place;
      this.#chunks[first + index] = chunk;
    }
    this.last = Math.max(this.last, first + chunks.length - 1);
  }

  /** @returns whether that is the first answer to a lease of the peer's */
  answer(peer: PeerId, lease: number, chunk: number): boolean {
    const place = this.#places.get(peer);
    if (place === undefined || this.#holders[lease] !== place) return false;
    if (this.#chunks[lease] !== chunk) return false;
    this.#holders[lease] = place + ANSWERED;
    return true;
  }

  /** The oldest first. */
  *all(): Generator<{
    readonly lease: number;
    readonly chunk: number;
    readonly peer: PeerId;
    readonly isAnswered: boolean;
  }> {
    for (let lease = 1; lease <= this.last; lease++) {
      const holder = this.#holders[lease] ?? 0;
      const isAnswered = holder >= ANSWERED;
      const peer = this.#peers[holder - (isAnswered ? ANSWERED : 0) - 1];
      const chunk = this.#chunks[lease];
      if (peer !== undefined && chunk !== undefined) yield { lease, chunk, peer, isAnswered };
    }
  }

  #placeOf(peer: PeerId): number {
    const known = this.#places.get(peer);
    if (known !== undefined) return known;
    const place = this.#peers.push(peer);
    this.#places.set(peer, place);
    return place;
  }

  #makeRoom(count: number): void {
    if (count <= this.#chunks.length) return;
    this.#holders = grown(this.#holders, count);
    this.#chunks = grown(this.#chunks, count);
  }
}

function grown(column: Uint32Array<ArrayBuffer>, count: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(count, 2 * column.length));
  larger.set(column);
  return larger;
}
