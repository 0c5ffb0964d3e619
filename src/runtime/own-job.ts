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
import type { Certificates, InputFile, Store, StoredJob, StoredOutput } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { JobPast } from '../protocol/requester/job-past.ts';
import { NUMBERS_SKIPPED } from '../protocol/requester/lease-book.ts';
import type { RequesterJob } from '../protocol/requester/requester-job.ts';
import { workDigests } from '../wire/work-digest.ts';
import { keepCertificates } from './certificates.ts';
import { Changes } from './changes.ts';
import { Comparison } from './comparison.ts';
import { describeFailure } from './job-failure.ts';
import type { StepRunner } from './job-steps.ts';
import { intoPages, JobPages, type PageFiles } from './pages.ts';
import { readPast } from './read-past.ts';
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
  readonly pageFiles: PageFiles;
  readonly dispatch: (event: LocalEvent) => void;
  /** The machine's side of this job, until `end-job`. */
  readonly machine: () => RequesterJob | undefined;
  readonly nowMs: () => number;
  /** What it is split from. */
  readonly files?: readonly InputFile[];
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
  #isLeft = false;
  #contiguous = 0;
  readonly #settled = Promise.withResolvers<void>();

  constructor(job: JobId, spec: JobSpec, components: OwnJobComponents) {
    this.job = job;
    this.spec = spec;
    this.#components = components;
    this.pages = new JobPages(components.pageFiles, workDigests(spec));
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

  /** It has ended; or this process has nothing more to do with it. */
  get isOver(): boolean {
    return this.#state !== 'running' && this.#state !== 'merging';
  }

  /** What volunteers fetch to compute it. */
  offers(blob: Digest): boolean {
    const { program, setup } = this.spec;
    const { data = [] } = this.#components;
    if (this.#isLeft) return false;
    return blob === program || blob === setup?.digest || data.includes(blob);
  }

  get stored(): StoredJob {
    const { data, files } = this.#components;
    const isKept = files !== undefined && files.length > 0 && !this.#splitEnded && !this.isOver;
    return {
      job: this.job,
      spec: this.spec,
      state: this.#state,
      ...(this.#report === undefined ? {} : { report: this.#report }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#output === undefined ? {} : { output: this.#output }),
      ...(data === undefined ? {} : { data }),
      ...(this.#certificates === undefined ? {} : { certificates: this.#certificates }),
      ...(isKept ? { files } : {}),
      ...(this.#splitEnded && !this.isOver ? { isSplit: true } : {}),
    };
  }

  /** Begins to split, then to merge as results come. A failure is the job's outcome. */
  run(): void {
    const { dispatch, store } = this.#components;
    store.putJob(this.stored);
    dispatch({ type: 'submit', job: this.job, spec: this.spec });
    this.#work();
  }

  /**
   * How far an earlier process had come. From where on this one will number its leases is written
   * down, and is to be synced before any is made: else the power might fail once more before one of
   * them is, and the next process would give the same numbers again.
   * @throws {GridError} `disk-full`, `store-failed`
   */
  async readPast({ isSplit }: Pick<StoredJob, 'isSplit'>): Promise<JobPast> {
    const { job, spec, pages } = this;
    const { store } = this.#components;
    pages.adopt(store.readPages(job));
    const of = { job, spec, chunks: pages.chunks, splitEnded: isSplit === true };
    const past = await readPast(of, store);
    const first = past.lastLease + NUMBERS_SKIPPED + 1;
    store.commit([{ job, leases: [{ peer: spec.requester, first, chunks: [] }] }]);
    return past;
  }

  /** Goes on from there. */
  resume(past: JobPast): void {
    const { dispatch, machine } = this.#components;
    this.#splitEnded = past.splitEnded;
    dispatch({ type: 'resume-job', job: this.job, spec: this.spec, past });
    this.advanceTo(machine()?.readable ?? 0);
    this.#work();
  }

  #work(): void {
    const step = (name: 'split' | 'merge', work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => this.#stepFailed(name, error));
    void Promise.all([step('split', this.#split()), step('merge', this.#merge())])
      .then(async () => {
        // What is left to the next process is read by it.
        const pages = this.#isLeft ? undefined : this.#releasePages();
        await Promise.all([pages, this.comparison?.close()]);
      })
      // The job has ended by now; a page that could not be removed is swept at the next start.
      .catch(() => undefined)
      .then(() => this.#settled.resolve());
  }

  /** A power failure must not leave a job that has not ended and has no pages any more. */
  async #releasePages(): Promise<void> {
    await this.#components.store.sync();
    await this.pages.releaseAll();
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
    if (this.#isStopped || this.#state !== 'running') return;
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

  /** The peer stops; the next process goes on. */
  leave(): void {
    if (this.isOver) return;
    this.#isLeft = true;
    this.#abort.abort();
    this.#advanced.notify();
    this.changes.notify();
  }

  /** Resolves when the job has ended, one way or another, and its threads and pages are gone. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Nothing is to be done any more, by this process at least. */
  get #isStopped(): boolean {
    return this.#isLeft || this.isOver;
  }

  async #split(): Promise<void> {
    const { steps, dispatch, store } = this.#components;
    if (this.#splitEnded) return;
    try {
      await this.#fillPages(steps.split(this.#abort.signal));
    } finally {
      await steps.closeInput();
    }
    if (this.#isStopped) return;
    this.#splitEnded = true;
    store.putJob(this.stored);
    dispatch({ type: 'split-ended', job: this.job });
    this.#advanced.notify();
  }

  async #fillPages(inputs: AsyncIterable<readonly Uint8Array[]>): Promise<void> {
    const { dispatch, store } = this.#components;
    // What an earlier process has put in pages comes once more.
    for await (const page of intoPages(withoutFirst(this.pages.chunks, inputs))) {
      if (this.#isStopped) return;
      if (this.pages.chunks + page.length > this.spec.chunksMax) throw tooManyChunks(this.spec);
      const pages = [await this.pages.add(page)];
      if (this.#isStopped) return;
      store.commit([{ job: this.job, pages }]);
      dispatch({ type: 'chunks-added', job: this.job, count: page.length });
      while (this.#isFarAhead && !this.#isStopped) await this.#advanced.next();
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
    while (!mayBegin() && !this.#isStopped) await this.#advanced.next();
    if (this.#isStopped) return;
    const results = (): AsyncIterable<readonly Uint8Array[]> => this.#results();
    const output = await this.#components.steps.merge(results, this.#abort.signal);
    // A merge that returns early has its answer, but the job is done when its chunks are.
    while (this.#state === 'running' && !this.#isStopped) await this.#advanced.next();
    if (this.#isStopped) return;
    this.#certificates = await keepCertificates(this.job, this.pages, this.#components.store);
    this.#end('done', { output });
  }

  /** Canonical results in chunk order, as they come. */
  async *#results(): AsyncGenerator<readonly Uint8Array[]> {
    const { store } = this.#components;
    let next = 0;
    while (!this.#isStopped) {
      if (next < this.#contiguous) {
        const count = Math.min(this.#contiguous - next, MERGE_RESULTS_MAX);
        const values = store.readResults(this.job, next, count);
        next += values.length;
        yield values;
        continue;
      }
      if (this.#splitEnded && next === this.pages.chunks) return;
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
    if (this.#isStopped) return;
    const { store, dispatch, machine, nowMs } = this.#components;
    this.#report = machine()?.report(nowMs());
    this.#state = state;
    this.#failure = outcome.failure;
    this.#output = outcome.output;
    this.#abort.abort();
    try {
      store.putJob(this.stored);
      this.#dropWhatWasNeeded();
    } catch (error) {
      const trouble = reasonOf(error);
      const before = outcome.failure ?? '';
      this.#state = 'failed';
      // A full disk is usually what it failed of already.
      this.#failure = before.includes(trouble) ? before : `${before} ${trouble}`.trim();
      // On the disk it still runs. The next process goes on with it, and needs its pages.
      this.#isLeft = true;
    }
    dispatch({ type: 'end-job', job: this.job });
    this.#advanced.notify();
    this.changes.notify();
  }

  /** On a full disk even that may fail. It changes nothing in how the job ended. */
  #dropWhatWasNeeded(): void {
    const { store } = this.#components;
    try {
      store.dropResults(this.job);
      // Certificates are for results that there are.
      if (this.#state !== 'done') store.dropStatements(this.job);
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      // The next start drops it.
    }
  }
}

async function* withoutFirst(
  count: number,
  inputs: AsyncIterable<readonly Uint8Array[]>,
): AsyncGenerator<readonly Uint8Array[]> {
  let left = count;
  for await (const some of inputs) {
    const fresh = some.slice(left);
    left = Math.max(left - some.length, 0);
    if (fresh.length > 0) yield fresh;
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
