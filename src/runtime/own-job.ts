/**
 * A job of this peer from submit to result: `split` fills pages, the machine leases and verifies
 * what is in them, `merge` reads the canonical results as far as they are accepted without a gap.
 * Everything between the first step and the last is decided by the machine; this only carries.
 */

import { GridError, reasonOf } from '../model/errors.ts';
import type { Digest, JobId } from '../model/ids.ts';
import {
  type JobFailure,
  type JobReport,
  type JobSpec,
  type JobState,
  trustNeeded,
} from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { Certificates, Store, StoredJob, StoredOutput } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { RequesterJob } from '../protocol/requester-job.ts';
import { workDigests } from '../wire/work-digest.ts';
import { keepCertificates } from './certificates.ts';
import { Changes } from './changes.ts';
import { Comparison } from './comparison.ts';
import { describeFailure } from './job-failure.ts';
import type { StepRunner } from './job-steps.ts';
import { intoPages, JobPages, type PageFiles } from './pages.ts';
import { ResultClasses } from './result-classes.ts';
import type { ScriptCalls } from './script-calls.ts';

/** Results handed to `merge` at a time; the store bounds their bytes. */
const MERGE_RESULTS_MAX = 1024;

export type OwnJobComponents = {
  readonly steps: StepRunner;
  /** Blobs of a WASI program's data files. */
  readonly data?: readonly Digest[];
  /** Calls the script's `equals` or `verify`, where the job has one. */
  readonly calls?: ScriptCalls;
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
  /** What results go through before the machine sees them; absent where digests are compared. */
  readonly comparison: Comparison | undefined;
  readonly #components: OwnJobComponents;
  readonly #abort = new AbortController();
  readonly #advanced = new Changes();
  #state: JobState = 'running';
  #report: JobReport | undefined;
  #failure: string | undefined;
  #output: StoredOutput | undefined;
  #certificates: Certificates | undefined;
  #splitEnded = false;
  #chunks = 0;
  #contiguous = 0;
  readonly #settled = Promise.withResolvers<void>();

  constructor(job: JobId, spec: JobSpec, components: OwnJobComponents) {
    this.job = job;
    this.spec = spec;
    this.#components = components;
    this.pages = new JobPages(components.files, workDigests(spec));
    const { calls } = components;
    this.comparison = calls === undefined ? undefined : this.#comparisonBy(calls);
  }

  #comparisonBy(calls: ScriptCalls): Comparison {
    const { job, spec, pages } = this;
    const { store, machine } = this.#components;
    const isAccepted = (chunk: number): boolean => machine()?.assembler.has(chunk) === true;
    return new Comparison({
      spec,
      calls,
      classes: new ResultClasses({ job, store, isAccepted }),
      pages,
      machine,
      keepEquivalents: (equivalents) => store.putEquivalents(job, equivalents),
      fail: (failure) => this.fail(failure),
    });
  }

  get state(): JobState {
    return this.#state;
  }

  /** What volunteers fetch to compute it. */
  offers(blob: Digest): boolean {
    const { program, setup } = this.spec;
    const { data = [] } = this.#components;
    return blob === program || blob === setup?.digest || data.includes(blob);
  }

  get stored(): StoredJob {
    const { data } = this.#components;
    return {
      job: this.job,
      spec: this.spec,
      state: this.#state,
      ...(this.#report === undefined ? {} : { report: this.#report }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#output === undefined ? {} : { output: this.#output }),
      ...(data === undefined ? {} : { data }),
      ...(this.#certificates === undefined ? {} : { certificates: this.#certificates }),
    };
  }

  /** Begins to split, then to merge as results come. A failure is the job's outcome. */
  run(): void {
    const { dispatch, store } = this.#components;
    store.putJob(this.stored);
    dispatch({ type: 'submit', job: this.job, spec: this.spec });
    const step = (name: 'split' | 'merge', work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => this.#stepFailed(name, error));
    void Promise.all([step('split', this.#split()), step('merge', this.#merge())])
      .then(() => Promise.all([this.pages.releaseAll(), this.comparison?.close()]))
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

  async #split(): Promise<void> {
    const { steps, dispatch } = this.#components;
    try {
      await this.#fillPages(steps.split(this.#abort.signal));
    } finally {
      await steps.closeInput();
    }
    if (this.#over) return;
    this.#splitEnded = true;
    dispatch({ type: 'split-ended', job: this.job });
    this.#advanced.notify();
  }

  async #fillPages(inputs: AsyncIterable<readonly Uint8Array[]>): Promise<void> {
    const { dispatch } = this.#components;
    for await (const page of intoPages(inputs)) {
      if (this.#over) return;
      if (this.#chunks + page.length > this.spec.chunksMax) throw tooManyChunks(this.spec);
      await this.pages.add(page);
      this.#chunks += page.length;
      dispatch({ type: 'chunks-added', job: this.job, count: page.length });
      while (this.#isFarAhead && !this.#over) await this.#advanced.next();
    }
  }

  /** Of a job that believes on evidence any chunk may be needed again until all are accepted. */
  get #isFarAhead(): boolean {
    const { credibility } = trustNeeded(this.spec);
    return credibility === undefined && this.pages.live >= limits.pagesAheadMax;
  }

  async #merge(): Promise<void> {
    // A script's not beside its split: each has a thread of its own, and 40 MB with it.
    const isScript = this.spec.steps.type === 'script';
    const mayBegin = (): boolean => this.#contiguous > 0 && (this.#splitEnded || !isScript);
    while (!mayBegin() && !this.#over) await this.#advanced.next();
    if (this.#over) return;
    const results = (): AsyncIterable<readonly Uint8Array[]> => this.#results();
    const output = await this.#components.steps.merge(results, this.#abort.signal);
    // A merge that returns early has its answer, but the job is done when its chunks are.
    while (this.#state === 'running') await this.#advanced.next();
    this.#certificates = await keepCertificates(this.job, this.pages, this.#components.store);
    this.#end('done', { output });
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
    outcome: { failure?: string; output?: StoredOutput },
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
      // Certificates are for results that there are.
      if (state !== 'done') store.dropStatements(this.job);
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

function tooManyChunks({ steps, chunksMax }: JobSpec): GridError {
  return new GridError(
    'job-failed',
    steps.type === 'script'
      ? `split has yielded more than ${chunksMax} chunks. ` +
          'If it does end, allow more with --max-chunks.'
      : `There are more than ${chunksMax} chunks. Make larger ones, or allow more with ` +
          '--max-chunks.',
  );
}
