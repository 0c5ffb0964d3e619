/**
 * A job of this peer from submit to result: `split` fills pages, the machine leases and verifies
 * what is in them, `merge` reads the canonical results as far as they are accepted without a gap.
 * Everything between the first step and the last is decided by the machine; this only carries.
 */

import { GridError, reasonOf } from '../model/errors.ts';
import type { JobId } from '../model/ids.ts';
import type { JobFailure, JobReport, JobSpec, JobState } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { MergeOutput, Sandbox, SplitInput, Store, StoredJob } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { RequesterJob } from '../protocol/requester-job.ts';
import { Changes } from './changes.ts';
import { describeFailure } from './job-failure.ts';
import { intoPages, JobPages, type PageFiles } from './pages.ts';

/** Results handed to `merge` at a time; the store bounds their bytes. */
const MERGE_RESULTS_MAX = 1024;

export type OwnJobComponents = {
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly files: PageFiles;
  readonly dispatch: (event: LocalEvent) => void;
  /** The machine's side of this job, until `end-job`. */
  readonly machine: () => RequesterJob | undefined;
  readonly nowMs: () => number;
};

export class OwnJob {
  readonly job: JobId;
  readonly spec: JobSpec;
  /** Of the state; progress in between is to be polled. */
  readonly changes = new Changes();
  readonly pages: JobPages;
  readonly #components: OwnJobComponents;
  readonly #abort = new AbortController();
  readonly #advanced = new Changes();
  #state: JobState = 'running';
  #report: JobReport | undefined;
  #failure: string | undefined;
  #output: StoredJob['output'];
  #splitEnded = false;
  #chunks = 0;
  #contiguous = 0;
  readonly #settled = Promise.withResolvers<void>();

  constructor(job: JobId, spec: JobSpec, components: OwnJobComponents) {
    this.job = job;
    this.spec = spec;
    this.#components = components;
    this.pages = new JobPages(components.files);
  }

  get state(): JobState {
    return this.#state;
  }

  get stored(): StoredJob {
    return {
      job: this.job,
      spec: this.spec,
      state: this.#state,
      ...(this.#report === undefined ? {} : { report: this.#report }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#output === undefined ? {} : { output: this.#output }),
    };
  }

  /** Begins to split, then to merge as results come. A failure is the job's outcome. */
  run(input: SplitInput | undefined): void {
    const { dispatch, store } = this.#components;
    store.putJob(this.stored);
    dispatch({ type: 'submit', job: this.job, spec: this.spec });
    const step = (name: 'split' | 'merge', work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => this.#stepFailed(name, error));
    void Promise.all([step('split', this.#split(input)), step('merge', this.#merge())])
      .then(() => this.pages.releaseAll())
      // The job has ended by now; a page that could not be removed is swept at the next start.
      .catch(() => undefined)
      .then(() => this.#settled.resolve());
  }

  /** The machine has accepted, and the store keeps, all chunks below `contiguous`. */
  advanceTo(contiguous: number): void {
    if (contiguous <= this.#contiguous) return;
    this.#contiguous = contiguous;
    this.#advanced.notify();
    // One that could not be removed is swept at the next start.
    this.pages.releaseBefore(contiguous).catch(() => undefined);
  }

  allAccepted(): void {
    if (this.#state !== 'running') return;
    this.#state = 'merging';
    this.changes.notify();
    this.#advanced.notify();
  }

  fail(failure: JobFailure): void {
    this.#end('failed', { failure: describeFailure(failure) });
  }

  cancel(): void {
    this.#end('cancelled', { failure: 'It was cancelled.' });
  }

  /** The peer stops: what the store says of the job next time is that it was lost. */
  abandon(): void {
    if (this.#over) return;
    this.#state = 'lost';
    this.#abort.abort();
    this.#advanced.notify();
    this.changes.notify();
  }

  /** Resolves when the job has ended, one way or another, and its threads and pages are gone. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get #over(): boolean {
    return this.#state !== 'running' && this.#state !== 'merging';
  }

  async #split(input: SplitInput | undefined): Promise<void> {
    const { sandbox, dispatch } = this.#components;
    const { program, params, chunksMax } = this.spec;
    const inputs = sandbox.split(program, params, input, this.#abort.signal);
    for await (const page of intoPages(inputs)) {
      if (this.#over) return;
      if (this.#chunks + page.length > chunksMax) throw endless(chunksMax);
      await this.pages.add(page);
      this.#chunks += page.length;
      dispatch({ type: 'chunks-added', job: this.job, count: page.length });
      while (this.pages.live >= limits.pagesAheadMax && !this.#over) await this.#advanced.next();
    }
    if (this.#over) return;
    this.#splitEnded = true;
    dispatch({ type: 'split-ended', job: this.job });
    this.#advanced.notify();
  }

  async #merge(): Promise<void> {
    const { sandbox, store } = this.#components;
    const { program, params } = this.spec;
    // Not beside split: each has a thread of its own, and 40 MB with it.
    while (!(this.#splitEnded && this.#contiguous > 0) && !this.#over) await this.#advanced.next();
    if (this.#over) return;
    // Known at the submit; but others' programs that came since may have taken its place.
    const source = await store.getBlob(program);
    if (source !== undefined) await sandbox.load(program, source);
    const results = this.#results();
    const merged = await sandbox.merge(program, params, results, this.#abort.signal);
    // A merge that returns early has its answer, but the job is done when its chunks are.
    while (this.#state === 'running') await this.#advanced.next();
    if (this.#over) return;
    const blob = await store.putBlob(merged.value);
    this.#end('done', { output: { kind: merged.kind, blob } });
  }

  /** Canonical results in chunk order, as they come. */
  async *#results(): AsyncGenerator<readonly Uint8Array[]> {
    const { store } = this.#components;
    let next = 0;
    while (!this.#over) {
      if (next < this.#contiguous) {
        const count = Math.min(this.#contiguous - next, MERGE_RESULTS_MAX);
        const values = store.readResults(this.job, next, count);
        next += values.length;
        yield values;
        continue;
      }
      if (this.#splitEnded && next === this.#chunks) return;
      await this.#advanced.next();
    }
  }

  #stepFailed(step: 'split' | 'merge', error: unknown): void {
    const own = error instanceof GridError;
    const reason = own ? error.message : `The ${step} step failed: ${reasonOf(error)}.`;
    this.fail({ type: 'requester-failed', step, reason });
  }

  #end(
    state: 'done' | 'failed' | 'cancelled',
    outcome: { failure?: string; output?: { kind: MergeOutput['kind']; blob: StoredBlob } },
  ): void {
    if (this.#over) return;
    const { store, dispatch, machine, nowMs } = this.#components;
    this.#report = machine()?.report(nowMs());
    this.#state = state;
    this.#failure = outcome.failure;
    this.#output = outcome.output;
    this.#abort.abort();
    try {
      store.putJob(this.stored);
      store.dropResults(this.job);
    } catch (error) {
      const trouble = reasonOf(error);
      const before = outcome.failure ?? '';
      this.#state = 'failed';
      // A full disk is usually what it failed of already.
      this.#failure = before.includes(trouble) ? before : `${before} ${trouble}`.trim();
    }
    dispatch({ type: 'end-job', job: this.job });
    this.#advanced.notify();
    this.changes.notify();
  }
}

type StoredBlob = NonNullable<StoredJob['output']>['blob'];

function endless(chunksMax: number): GridError {
  return new GridError(
    'job-failed',
    `split has yielded more than ${chunksMax} chunks. ` +
      'If it does end, allow more with --max-chunks.',
  );
}
