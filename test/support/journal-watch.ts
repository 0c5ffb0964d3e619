/**
 * Looks into what a requester that was killed has kept of a job, each time that it was: whether
 * anything is gone that was there the last time, and whether a chunk was leased that had been
 * accepted by then.
 */

import { jobId } from '../../src/model/ids.ts';
import type { Store, StoredJob } from '../../src/ports.ts';
import { openStore } from '../../src/storage/sqlite-store.ts';
import { readKeptStatement } from '../../src/wire/statement-codec.ts';

export type Look = {
  readonly state: StoredJob['state'];
  readonly accepted: number;
  /** Chunks that were accepted the last time, and are not any more. */
  readonly lost: readonly number[];
  /** Chunks that were leased since the last time, and had been accepted then. */
  readonly leasedAgain: readonly number[];
  /** Results in the journal, by who has signed them; of each lease one. */
  readonly answered: ReadonlyMap<string, number>;
};

export class JournalWatch {
  readonly #path: string;
  readonly #job: string;
  #accepted: ReadonlySet<number> = new Set();
  #lastLease = 0;

  /** @param path the requester's data folder */
  constructor(path: string, job: string) {
    this.#path = path;
    this.#job = job;
  }

  /** While no peer has the folder. */
  async look(): Promise<Look> {
    const store = await openStore({ path: this.#path });
    try {
      return this.#lookInto(store);
    } finally {
      store.close();
    }
  }

  #lookInto(store: Store): Look {
    const job = jobId(this.#job);
    const kept = store.getJob(job);
    if (kept === undefined) throw new Error('the job is not there any more');
    const { state } = kept;
    const isEvident = kept.spec.trust.credibility !== undefined;
    if (state !== 'running' && state !== 'merging') {
      return { state, accepted: 0, lost: [], leasedAgain: [], answered: new Map() };
    }
    const stored = all(
      (from) => store.listDigests(job, from),
      ({ chunk }) => chunk,
    );
    const believed = all(
      (from) => store.readAccepted(job, from),
      (chunk) => chunk,
    );
    const accepted = new Set(isEvident ? believed : stored.map(({ chunk }) => chunk));
    const rows = all(
      (from) => store.readLeases(job, from),
      ({ first }) => first,
    );
    const leasedAgain: number[] = [];
    let lastLease = this.#lastLease;
    for (const { first, chunks } of rows) {
      for (const [index, chunk] of chunks.entries()) {
        const lease = first + index;
        if (lease > this.#lastLease && this.#accepted.has(chunk)) leasedAgain.push(chunk);
        lastLease = Math.max(lastLease, lease);
      }
    }
    const lost = [...this.#accepted].filter((chunk) => !accepted.has(chunk));
    this.#accepted = accepted;
    this.#lastLease = lastLease;
    const answered = answersIn(store, this.#job);
    return { state, accepted: accepted.size, lost, leasedAgain, answered };
  }
}

function answersIn(store: Store, job: string): ReadonlyMap<string, number> {
  const leases = new Map<string, Set<number>>();
  const statements = all(
    (after) => store.readStatements(jobId(job), after),
    ({ number }) => number,
    0,
  );
  for (const { signed } of statements) {
    const kept = readKeptStatement(signed);
    if (kept === undefined) continue;
    const own = leases.get(kept.peer) ?? new Set();
    leases.set(kept.peer, own);
    for (const { lease, said } of kept.replicas) if (said.type === 'digest') own.add(lease);
  }
  return new Map(Array.from(leases, ([peer, own]) => [peer, own.size]));
}

/** @param step from the last of some to the first of the next */
function all<Item>(
  read: (from: number) => readonly Item[],
  numberOf: (item: Item) => number,
  step = 1,
): Item[] {
  const items: Item[] = [];
  for (let from = 0; ;) {
    const some = read(from);
    const last = some.at(-1);
    if (last === undefined) return items;
    items.push(...some);
    from = numberOf(last) + step;
  }
}
