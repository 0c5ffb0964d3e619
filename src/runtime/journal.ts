/**
 * Writes down what becomes of own jobs before anybody hears of it. What is to be kept is gathered
 * for some milliseconds and committed as one: a transaction for each frame would cost more than all
 * that is in it. What depends on it waits meanwhile, in its order.
 *
 *   effects ---> gathered ---> committed ---> synced ---> acknowledged, read, told
 *                   |  5 ms        | leases      |
 *    process dies:  nobody knows   known after a crash, and after a power failure
 *
 * A volunteer gets leases when they would outlive a crash: their results can then be told from
 * forged ones. It hears that its results have come, so that it may forget them, when those would
 * outlive a power failure. The disk is waited for by nobody else: syncing goes on beside, and takes
 * all that was committed since it began the last time. So it costs the event loop no more than the
 * copying of rows into SQLite's log.
 *
 * When the disk can't sync, all that waits for it goes on waiting, and it is tried again: nothing
 * is said that a power failure could undo, and no job has to end for a disk that was away for a
 * while. What could not be committed is the end of its job: the machine has gone on from it.
 *
 * There is no bound on what is gathered, since there is one on what others have to bring: who gets
 * no acknowledgements soon computes nothing more.
 */

import { reasonOf } from '../model/errors.ts';
import type { JobId } from '../model/ids.ts';
import type { JobWrites } from '../model/journal.ts';
import type { Standing } from '../model/standing.ts';
import type { Clock, Store, Timers } from '../ports.ts';
import { LastingTrouble } from './lasting-trouble.ts';
import type { Logger } from './log.ts';
import type { StandingsKeeper } from './standings-keeper.ts';

/**
 * From one commit to the next. An empty one costs 0.1 ms; and with 20 ms two volunteers of chunks
 * that take no time got leases for a third less of them, waiting each time.
 */
const COMMIT_EVERY_MS = 5;

/** After a sync that failed. The store bounds how often it comes to the disk. A guess. */
const SYNC_AGAIN_MS = 100;

export type JournalComponents = {
  readonly store: Pick<Store, 'commit' | 'sync'>;
  readonly standings: StandingsKeeper;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
  readonly log: Logger;
  /** Whether there is a point in keeping more of it. */
  readonly isRunning: (job: JobId) => boolean;
  /** What was to be kept of a job could not be. */
  readonly onTrouble: (job: JobId, reason: string) => void;
  /** Something that had waited threw, which is a bug. */
  readonly onBug: (error: unknown) => void;
};

type Batch = {
  readonly writes: JobWrites[];
  /** What waits until it is committed. */
  readonly onCommit: (() => void)[];
  /** What waits until it is synced. */
  readonly onSync: (() => void)[];
  /** What was to be written of these could not be. */
  readonly lost: Set<JobId>;
};

export class Journal {
  readonly #components: JournalComponents;
  /** To be committed next. */
  #next: Batch | undefined;
  /** To be synced next. */
  #committed: Batch[] = [];
  /** Being synced; or what waited for that is being done. */
  #syncing: readonly Batch[] = [];
  /** A commit is to come. */
  #isDue = false;
  #committedAtMs = -Infinity;
  #idle: PromiseWithResolvers<void> | undefined;
  readonly #syncTrouble: LastingTrouble;
  /** Ends the wait for the next attempt; or nothing is tried again. */
  #endWait = (): void => undefined;
  #isEnding = false;

  constructor(components: JournalComponents) {
    this.#components = components;
    const what = "what own jobs come to can't be synced, and nobody is told that it is kept";
    this.#syncTrouble = new LastingTrouble(what, components);
  }

  write(writes: JobWrites): void {
    this.#gather().writes.push(writes);
  }

  /** With the next commit. */
  keep(standings: readonly Standing[]): void {
    this.#components.standings.keep(standings);
    this.#gather();
  }

  /** When all that is being written would outlive this process. */
  whenCommitted(work: () => void): void {
    if (this.#next === undefined) this.#try(work);
    else this.#next.onCommit.push(work);
  }

  /** When it would outlive a power failure, in the order in which this was asked for. */
  whenSynced(work: () => void): void {
    const last = this.#next ?? this.#committed.at(-1) ?? this.#syncing.at(-1);
    if (last === undefined) this.#try(work);
    else last.onSync.push(work);
  }

  /** The same, and only if nothing of the job was lost: for the word that it is kept. */
  whenKept(job: JobId, work: () => void): void {
    const last = this.#next ?? this.#committed.at(-1) ?? this.#syncing.at(-1);
    this.whenSynced(() => {
      if (last?.lost.has(job) !== true) work();
    });
  }

  /**
   * Resolves when nothing is to be written any more; or can't be synced, which is asked for once
   * more and then never again: what waits for it is not done.
   */
  async flush(): Promise<void> {
    if (this.#isIdle) return;
    this.#isEnding = true;
    this.#endWait();
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  get #isIdle(): boolean {
    return this.#next === undefined && this.#committed.length === 0 && this.#syncing.length === 0;
  }

  #gather(): Batch {
    this.#next ??= { writes: [], onCommit: [], onSync: [], lost: new Set() };
    if (!this.#isDue) {
      this.#isDue = true;
      const { clock, timers } = this.#components;
      const delayMs = this.#committedAtMs + COMMIT_EVERY_MS - clock.nowMs();
      timers.after(Math.max(delayMs, 0), () => this.#commit());
    }
    return this.#next;
  }

  #commit(): void {
    this.#isDue = false;
    const batch = this.#next;
    if (batch === undefined) return;
    this.#next = undefined;
    this.#committedAtMs = this.#components.clock.nowMs();
    this.#committed.push(batch);
    const { store, standings, isRunning } = this.#components;
    const seen = standings.take();
    const wanted = merged(batch.writes.filter(({ job }) => isRunning(job)));
    try {
      store.commit(wanted, seen);
    } catch (error) {
      standings.failed(seen, error);
      this.#fail(batch, error);
    }
    // For as long as the disk can't sync, the names of what waits are all that is held of it.
    batch.writes.length = 0;
    for (const work of batch.onCommit) this.#try(work);
    if (this.#syncing.length === 0) void this.#sync();
  }

  /** Never rejects. */
  async #sync(): Promise<void> {
    while (this.#committed.length > 0) {
      const batches = this.#committed;
      this.#committed = [];
      this.#syncing = batches;
      const isSynced = await this.#isSyncedAtLast();
      // What is asked for meanwhile comes behind all this.
      if (isSynced) for (const { onSync } of batches) for (const work of onSync) this.#try(work);
      this.#syncing = [];
    }
    if (!this.#isIdle) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** @returns false if it is given up, at the end */
  async #isSyncedAtLast(): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const isLast = this.#isEnding;
      try {
        await this.#components.store.sync();
        if (attempt > 1) this.#components.log.info('the disk can sync again');
        return true;
      } catch (error) {
        this.#syncTrouble.tell(error);
      }
      if (isLast) return false;
      await this.#wait(SYNC_AGAIN_MS);
    }
  }

  async #wait(ms: number): Promise<void> {
    if (this.#isEnding) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endWait = resolve;
    const cancel = this.#components.timers.after(ms, resolve);
    await promise;
    cancel();
  }

  #fail({ writes, lost }: Batch, error: unknown): void {
    const { isRunning, onTrouble } = this.#components;
    for (const { job } of writes) lost.add(job);
    for (const job of lost) if (isRunning(job)) onTrouble(job, reasonOf(error));
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#components.onBug(error);
    }
  }
}

/** One of each job. */
function merged(writes: readonly JobWrites[]): JobWrites[] {
  const byJob = Map.groupBy(writes, ({ job }) => job);
  return Array.from(byJob, ([job, some]) => {
    // Of a chunk that was accepted and opened again, or the other way round, the last word counts.
    const accepted = new Map<number, boolean>();
    for (const each of some) {
      for (const chunk of each.reopened ?? []) accepted.set(chunk, false);
      for (const chunk of each.accepted ?? []) accepted.set(chunk, true);
    }
    const all = [...accepted];
    return {
      job,
      results: some.flatMap(({ results = [] }) => results),
      statements: some.flatMap(({ statements = [] }) => statements),
      accepted: all.filter(([, isAccepted]) => isAccepted).map(([chunk]) => chunk),
      reopened: all.filter(([, isAccepted]) => !isAccepted).map(([chunk]) => chunk),
      leases: some.flatMap(({ leases = [] }) => leases),
      caught: some.flatMap(({ caught = [] }) => caught),
    };
  });
}
