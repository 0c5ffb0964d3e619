/**
 * Who has signed what of each chunk, as an audit gathers it: some 80 bytes a chunk and 12 a
 * signature, so that a job of a million chunks fits in memory. Hence no objects, but columns.
 *
 * The results of one chunk that are the same, of the same work, are a group. Group 0 has the
 * accepted digest and the work that was signed first with it; all others are numbered on.
 */

import { digest, type Digest } from '../model/ids.ts';

const DIGEST_BYTES = 32;
/** A digest, and that of the work. */
const RESULT_BYTES = 2 * DIGEST_BYTES;

/** Votes of one peer on one chunk. */
const EACH_MAX = 2;

export type ChunkVote = { readonly peer: number; readonly group: number };

export class ChunkVotes {
  readonly chunks: number;
  readonly #accepted: Buffer;
  readonly #works: Buffer;
  /** Of each chunk the number of its last vote, from 1; 0 for none. */
  readonly #last: Uint32Array;
  readonly #before = new Column();
  readonly #peers = new Column();
  readonly #groups = new Column();
  /** Results of the groups from 1 on. */
  #others: Buffer = Buffer.alloc(16 * RESULT_BYTES);
  #othersCount = 0;

  /** @param accepted digests, 32 bytes each */
  constructor(accepted: Buffer) {
    this.chunks = accepted.length / DIGEST_BYTES;
    this.#accepted = accepted;
    this.#works = Buffer.alloc(accepted.length);
    this.#last = new Uint32Array(this.chunks);
  }

  /** More than two of a peer tell nothing more, and would take ever longer to look through. */
  add(chunk: number, peer: number, result: Digest, work: Digest): void {
    if (this.#countOf(chunk, peer) >= EACH_MAX) return;
    const group = this.#groupOf(chunk, result, work);
    this.#before.push(this.#last[chunk] ?? 0);
    this.#peers.push(peer);
    this.#groups.push(group);
    this.#last[chunk] = this.#groups.length;
  }

  /** In the order in which they came. */
  of(chunk: number): ChunkVote[] {
    const votes: ChunkVote[] = [];
    for (let vote = this.#last[chunk] ?? 0; vote > 0; vote = this.#before.at(vote - 1)) {
      votes.push({ peer: this.#peers.at(vote - 1), group: this.#groups.at(vote - 1) });
    }
    return votes.reverse();
  }

  accepted(chunk: number): Digest {
    return at(this.#accepted, chunk * DIGEST_BYTES);
  }

  /** What the group says came out. */
  result(chunk: number, group: number): Digest {
    return group === 0 ? this.accepted(chunk) : at(this.#others, (group - 1) * RESULT_BYTES);
  }

  /** What it says it came of. */
  work(chunk: number, group: number): Digest {
    if (group === 0) return at(this.#works, chunk * DIGEST_BYTES);
    return at(this.#others, (group - 1) * RESULT_BYTES + DIGEST_BYTES);
  }

  #countOf(chunk: number, peer: number): number {
    let count = 0;
    for (let vote = this.#last[chunk] ?? 0; vote > 0; vote = this.#before.at(vote - 1)) {
      if (this.#peers.at(vote - 1) === peer) count += 1;
    }
    return count;
  }

  #groupOf(chunk: number, result: Digest, work: Digest): number {
    const both = Buffer.from(result + work, 'hex');
    const start = chunk * DIGEST_BYTES;
    const end = start + DIGEST_BYTES;
    if (both.compare(this.#accepted, start, end, 0, DIGEST_BYTES) === 0) {
      if (this.#works.subarray(start, end).every((byte) => byte === 0)) {
        both.copy(this.#works, start, DIGEST_BYTES);
      }
      if (both.compare(this.#works, start, end, DIGEST_BYTES) === 0) return 0;
    }
    for (let vote = this.#last[chunk] ?? 0; vote > 0; vote = this.#before.at(vote - 1)) {
      const group = this.#groups.at(vote - 1);
      const from = (group - 1) * RESULT_BYTES;
      if (group > 0 && both.compare(this.#others, from, from + RESULT_BYTES) === 0) return group;
    }
    const from = this.#othersCount * RESULT_BYTES;
    if (from === this.#others.length) this.#others = Buffer.concat([this.#others, this.#others]);
    both.copy(this.#others, from);
    this.#othersCount += 1;
    return this.#othersCount;
  }
}

/** Numbers of 32 bits, more and more of them. */
class Column {
  #numbers = new Uint32Array(1024);
  length = 0;

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const more = new Uint32Array(2 * this.length);
      more.set(this.#numbers);
      this.#numbers = more;
    }
    this.#numbers[this.length] = number;
    this.length += 1;
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }
}

function at(bytes: Buffer, start: number): Digest {
  return digest(bytes.toString('hex', start, start + DIGEST_BYTES));
}
