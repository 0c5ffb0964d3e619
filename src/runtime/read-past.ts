/**
 * How far an own job had come, read from what an earlier process has kept of it: every result that
 * was acknowledged is in a signed statement, so votes are counted anew from those. A statement may
 * say anything of chunks that its peer was never leased; what counts is what answers a lease.
 *
 * In memory are 8 bytes for each lease and 32 for each chunk, until the machine has taken it over.
 */

import { setImmediate as breathe } from 'node:timers/promises';

import { isCounted } from '../model/counted.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import { type JobSpec, trustNeeded } from '../model/job.ts';
import type { Store } from '../ports.ts';
import type { JobPast, PastLease, PastVote } from '../protocol/requester/job-past.ts';
import type { Counts } from '../protocol/requester/tally.ts';
import { readKeptStatement, type SaidReplica } from '../wire/statement-codec.ts';
import { PastLeases } from './past-leases.ts';
import { PastResults } from './past-results.ts';

export type PastSource = Pick<
  Store,
  | 'readAccepted'
  | 'readLeases'
  | 'readCaught'
  | 'listDigests'
  | 'readStatements'
  | 'readEquivalents'
>;

export type PastOf = {
  readonly job: JobId;
  readonly spec: JobSpec;
  readonly chunks: number;
  readonly splitEnded: boolean;
};

/** @throws {GridError} `store-failed` */
export async function readPast(of: PastOf, store: PastSource): Promise<JobPast> {
  const past = new Past(of, store);
  await past.read();
  return past.summary();
}

class Past {
  readonly #of: PastOf;
  readonly #store: PastSource;
  readonly #leases = new PastLeases();
  readonly #results: PastResults;
  readonly #counts = new Map<PeerId, Partial<Counts>>();
  readonly #votes: PastVote[] = [];
  readonly #disputed = new Set<number>();

  constructor(of: PastOf, store: PastSource) {
    this.#of = of;
    this.#store = store;
    this.#results = new PastResults(of.chunks, trustNeeded(of.spec));
  }

  async read(): Promise<void> {
    const { job } = this.#of;
    const store = this.#store;
    for (let from = 0; ; await breathe()) {
      const some = store.listDigests(job, from);
      if (some.length === 0) break;
      for (const { chunk, digest } of some) this.#results.add(chunk, digest);
      from = (some.at(-1)?.chunk ?? from) + 1;
    }
    for (let from = 0; ; await breathe()) {
      const some = store.readAccepted(job, from);
      if (some.length === 0) break;
      for (const chunk of some) this.#results.accept(chunk);
      from = (some.at(-1) ?? from) + 1;
    }
    for (let from = 0; ; await breathe()) {
      const some = store.readLeases(job, from);
      if (some.length === 0) break;
      for (const leases of some) this.#lease(leases);
      from = (some.at(-1)?.first ?? from) + 1;
    }
    for (let after = 0; ; await breathe()) {
      const some = store.readStatements(job, after);
      if (some.length === 0) break;
      for (const { number, signed, counted } of some) {
        after = number;
        const kept = readKeptStatement(signed);
        if (kept?.job !== job) continue;
        for (const [at, replica] of kept.replicas.entries()) {
          if (isCounted(counted, at)) this.#said(kept.peer, replica);
        }
      }
    }
  }

  summary(): JobPast {
    const { job, spec, chunks, splitEnded } = this.#of;
    const results = this.#results;
    const out: PastLease[] = [];
    let frontier = results.end;
    for (const { lease, chunk, peer, isAnswered } of this.#leases.all()) {
      frontier = Math.max(frontier, chunk + 1);
      // What this peer computed for itself went with the process that computed it.
      if (isAnswered || peer === spec.requester || results.isAccepted(chunk)) continue;
      out.push({ lease, chunk, peer });
    }
    return {
      chunks,
      splitEnded,
      frontier: Math.min(frontier, chunks),
      lastLease: this.#leases.last,
      accepted: results.accepted(),
      // Within a tolerance the first result of a chunk matters, and that of an open one is gone.
      votes: spec.comparison === 'digest' ? this.#votes : [],
      stored: results.stored(),
      leases: out,
      counts: this.#counts,
      disputes: this.#disputed.size,
      caught: this.#store.readCaught(job),
    };
  }

  #lease({ first, peer, chunks }: ReturnType<PastSource['readLeases']>[number]): void {
    this.#leases.add(peer, first, chunks);
    // Of none: from where on a process has numbered its leases.
    if (chunks.length > 0) this.#count(peer, 'leased', chunks.length);
  }

  /** Of each lease the first word, which is the one that was counted. */
  #said(peer: PeerId, { lease, chunk, said, computeMs }: SaidReplica): void {
    if (said.type === 'returned' || !this.#leases.answer(peer, lease, chunk)) return;
    this.#count(peer, 'returned', 1);
    this.#count(peer, 'computeSeconds', computeMs / 1000);
    if (said.type === 'failure') this.#count(peer, 'failed', 1);
    else if (!this.#results.isAccepted(chunk)) {
      this.#votes.push({ lease, chunk, peer, digest: said.digest });
    } else if (this.#isAccepted(chunk, said.digest)) {
      this.#count(peer, this.#results.join(chunk, peer) ? 'accepted' : 'late', 1);
    } else {
      this.#count(peer, 'lost', 1);
      this.#disputed.add(chunk);
    }
  }

  #isAccepted(chunk: number, digest: Digest): boolean {
    const { job, spec } = this.#of;
    if (this.#results.is(chunk, digest)) return true;
    if (spec.comparison !== 'equals') return false;
    const equal = this.#store.readEquivalents(job, chunk);
    return equal.some((each) => each.digest === digest && this.#results.is(chunk, each.of));
  }

  #count(peer: PeerId, what: keyof Counts, amount: number): void {
    const counts = this.#counts.get(peer) ?? {};
    this.#counts.set(peer, { ...counts, [what]: (counts[what] ?? 0) + amount });
  }
}
