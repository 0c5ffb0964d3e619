/**
 * Who has signed what of each chunk, as an audit gathers it: some 70 bytes a chunk and 16 a
 * signature, so that a job of a million chunks fits in memory. Hence no objects, but columns.
 *
 * The results of one chunk that are the same, of the same work, are a group. Group 0 has the
 * accepted digest and the work that was signed first with it; all others are numbered on.
 *
 * The votes of a chunk are a chain, which is looked through for each new one: there are two or
 * three, as a rule. A file can have thousands, so where there are more than some, maps stand
 * beside the chain.
 */

import { digest, type Digest } from '../model/ids.ts';
import { Column, Rows } from './columns.ts';

const DIGEST_BYTES = 32;
/** A digest, and that of the work. */
const RESULT_BYTES = 2 * DIGEST_BYTES;

/** Votes of one peer on one chunk. */
const EACH_MAX = 2;
/** Votes that are looked through. A guess. */
const CHAIN_MAX = 16;

export type ChunkVote = { readonly peer: number; readonly group: number };

/** What is to be found of a chunk with many votes: the leases of each peer, and the groups. */
type Crowd = { readonly leases: Map<number, number[]>; readonly groups: Map<string, number> };

export class ChunkVotes {
  readonly chunks: number;
  readonly #accepted: Buffer;
  readonly #works: Buffer;
  /** Whether somebody has signed the accepted digest, and so its work is known. */
  readonly #hasWork: Uint8Array;
  /** Of each chunk the number of its last vote, from 1; 0 for none. */
  readonly #last: Uint32Array;
  readonly #before = new Column();
  readonly #peers = new Column();
  readonly #leases = new Column();
  readonly #groups = new Column();
  /** Results of the groups from 1 on. */
  readonly #others = new Rows(RESULT_BYTES);
  readonly #crowds = new Map<number, Crowd>();

  /** @param accepted digests, 32 bytes each */
  constructor(accepted: Buffer) {
    this.chunks = Math.floor(accepted.length / DIGEST_BYTES);
    this.#accepted = accepted;
    this.#works = Buffer.alloc(accepted.length);
    this.#hasWork = new Uint8Array(this.chunks);
    this.#last = new Uint32Array(this.chunks);
  }

  /**
   * More than two of a peer tell nothing more, and are not kept.
   * @returns false for what it has said already under the same lease
   */
  add(chunk: number, { peer, lease }: Answer, result: Digest, work: Digest): boolean {
    const crowd = this.#crowds.get(chunk);
    const chain = crowd === undefined ? this.#chain(chunk) : [];
    const leases = crowd === undefined ? this.#leasesOf(chain, peer) : crowd.leases.get(peer);
    if (leases?.includes(lease % 2 ** 32) === true) return false;
    if (leases !== undefined && leases.length >= EACH_MAX) return true;
    const group = this.#groupOf(chunk, Buffer.from(result + work, 'hex'), chain);
    this.#before.push(this.#last[chunk] ?? 0);
    this.#peers.push(peer);
    this.#leases.push(lease);
    this.#groups.push(group);
    this.#last[chunk] = this.#groups.length;
    if (crowd !== undefined) this.#join(crowd, chunk, this.#groups.length - 1);
    else if (chain.length >= CHAIN_MAX) this.#crowds.set(chunk, this.#crowdOf(chunk));
    return true;
  }

  /** In the order in which they came. */
  of(chunk: number): ChunkVote[] {
    const votes = this.#chain(chunk).reverse();
    return votes.map((vote) => ({ peer: this.#peers.at(vote), group: this.#groups.at(vote) }));
  }

  accepted(chunk: number): Digest {
    return at(this.#accepted, chunk * DIGEST_BYTES);
  }

  /** What the group says came out. */
  result(chunk: number, group: number): Digest {
    if (group === 0) return this.accepted(chunk);
    return digest(this.#others.hex(group - 1, 0, DIGEST_BYTES));
  }

  /** What it says it came of; undefined where nobody has said anything. */
  work(chunk: number, group: number): Digest | undefined {
    if (group > 0) return digest(this.#others.hex(group - 1, DIGEST_BYTES, RESULT_BYTES));
    return this.#hasWork[chunk] === 1 ? at(this.#works, chunk * DIGEST_BYTES) : undefined;
  }

  /** Its votes, the last first. */
  #chain(chunk: number): number[] {
    const votes: number[] = [];
    for (let vote = this.#last[chunk] ?? 0; vote > 0; vote = this.#before.at(vote - 1)) {
      votes.push(vote - 1);
    }
    return votes;
  }

  #leasesOf(chain: readonly number[], peer: number): number[] {
    const own = chain.filter((vote) => this.#peers.at(vote) === peer);
    return own.map((vote) => this.#leases.at(vote));
  }

  #groupOf(chunk: number, both: Buffer, chain: readonly number[]): number {
    const start = chunk * DIGEST_BYTES;
    const end = start + DIGEST_BYTES;
    if (both.compare(this.#accepted, start, end, 0, DIGEST_BYTES) === 0) {
      if (this.#hasWork[chunk] !== 1) both.copy(this.#works, start, DIGEST_BYTES);
      this.#hasWork[chunk] = 1;
      if (both.compare(this.#works, start, end, DIGEST_BYTES) === 0) return 0;
    }
    const known =
      this.#crowds.get(chunk)?.groups.get(both.toString('latin1')) ??
      chain
        .map((vote) => this.#groups.at(vote))
        .find((group) => group > 0 && this.#others.compare(group - 1, both) === 0);
    if (known !== undefined) return known;
    this.#others.push(both);
    return this.#others.length;
  }

  #crowdOf(chunk: number): Crowd {
    const crowd: Crowd = { leases: new Map(), groups: new Map() };
    for (const vote of this.#chain(chunk)) this.#join(crowd, chunk, vote);
    return crowd;
  }

  #join({ leases, groups }: Crowd, chunk: number, vote: number): void {
    const peer = this.#peers.at(vote);
    leases.set(peer, [...(leases.get(peer) ?? []), this.#leases.at(vote)]);
    const group = this.#groups.at(vote);
    if (group === 0) return;
    const both = this.result(chunk, group) + (this.work(chunk, group) ?? '');
    groups.set(Buffer.from(both, 'hex').toString('latin1'), group);
  }
}

/** Who has said it, and under which lease. */
type Answer = { readonly peer: number; readonly lease: number };

function at(bytes: Buffer, start: number): Digest {
  return digest(bytes.toString('hex', start, start + DIGEST_BYTES));
}
