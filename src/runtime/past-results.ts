/** The results that earlier processes have kept of a job: which are accepted, and on whose word. */

import { digest, type Digest, type PeerId } from '../model/ids.ts';
import type { Trust } from '../model/job.ts';
import type { Acceptance } from '../protocol/requester/acceptances.ts';

const DIGEST_BYTES = 32;

export class PastResults {
  readonly #chunks: number;
  readonly #quorum: number;
  /** A job that believes on evidence keeps results before it believes them. */
  readonly #onEvidence: boolean;
  readonly #digests: Buffer;
  readonly #kept: Uint8Array;
  readonly #accepted: Uint8Array;
  /** Of a job that believes on evidence: who is believed. */
  readonly #peers: (PeerId[] | undefined)[] = [];
  /** Of the others: how many. */
  readonly #votes: Uint8Array;
  /** Behind the last chunk of which there is a result. */
  end = 0;

  constructor(chunks: number, { quorum, credibility }: Trust) {
    this.#chunks = chunks;
    this.#quorum = quorum;
    this.#onEvidence = credibility !== undefined;
    this.#digests = Buffer.alloc(chunks * DIGEST_BYTES);
    this.#kept = new Uint8Array(chunks);
    this.#accepted = this.#onEvidence ? new Uint8Array(chunks) : this.#kept;
    this.#votes = new Uint8Array(this.#onEvidence ? 0 : chunks);
  }

  add(chunk: number, of: Digest): void {
    if (chunk >= this.#chunks) return;
    this.#digests.write(of, chunk * DIGEST_BYTES, 'hex');
    this.#kept[chunk] = 1;
    this.end = Math.max(this.end, chunk + 1);
  }

  accept(chunk: number): void {
    if (this.#kept[chunk] === 1) this.#accepted[chunk] = 1;
  }

  isAccepted(chunk: number): boolean {
    return this.#accepted[chunk] === 1;
  }

  is(chunk: number, other: Digest): boolean {
    return this.#digestOf(chunk) === other;
  }

  /** The peer has said the same. @returns false if nobody needed it any more */
  join(chunk: number, peer: PeerId): boolean {
    if (this.#onEvidence) {
      const peers = this.#peers[chunk];
      if (peers?.includes(peer) === true) return false;
      if (peers === undefined) this.#peers[chunk] = [peer];
      else peers.push(peer);
      return true;
    }
    const votes = this.#votes[chunk] ?? 0;
    if (votes >= this.#quorum) return false;
    this.#votes[chunk] = votes + 1;
    return true;
  }

  accepted(): Iterable<Acceptance> {
    return { [Symbol.iterator]: () => this.#acceptances() };
  }

  *#acceptances(): Generator<Acceptance> {
    for (let chunk = 0; chunk < this.end; chunk++) {
      if (!this.isAccepted(chunk)) continue;
      yield { chunk, digest: this.#digestOf(chunk), peers: this.#peers[chunk] ?? [] };
    }
  }

  /** Of those that are not accepted: some thousands at most. */
  stored(): ReadonlyMap<number, Digest> {
    const stored = new Map<number, Digest>();
    for (let chunk = 0; chunk < this.end; chunk++) {
      if (this.#kept[chunk] === 1 && !this.isAccepted(chunk)) {
        stored.set(chunk, this.#digestOf(chunk));
      }
    }
    return stored;
  }

  #digestOf(chunk: number): Digest {
    const start = chunk * DIGEST_BYTES;
    return digest(this.#digests.toString('hex', start, start + DIGEST_BYTES));
  }
}
