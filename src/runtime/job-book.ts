/** All jobs of this peer: those that run, and those the store remembers. */

import { GridError, reasonOf } from '../model/errors.ts';
import { type Digest, jobId, type JobId, type PeerId } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { Clock, Sandbox, Store, StoredJob } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { JobPast } from '../protocol/requester/job-past.ts';
import type { Peer } from '../protocol/peer.ts';
import { encodeCanonical } from '../wire/canonical-cbor.ts';
import { digestOf } from '../wire/digest.ts';
import { Changes } from './changes.ts';
import { inputFile, JobInput } from './job-input.ts';
import { type JobProgram, prepareProgram } from './job-program.ts';
import type { JobRequest } from './job-request.ts';
import { OwnJob, type OwnJobComponents } from './own-job.ts';
import { PageFiles } from './pages.ts';
import { keptScript, ResumedSteps } from './resumed-steps.ts';
import { ScriptCalls } from './script-calls.ts';

export type JobBookComponents = {
  readonly self: PeerId;
  readonly peer: Peer;
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatch: (event: LocalEvent) => void;
};

type Program = Pick<JobProgram, 'data' | 'comparer'>;
type Source = Required<Pick<OwnJobComponents, 'steps' | 'files'>>;

/** Jobs that run at once at one requester; each costs a thread while it splits and merges. */
const RUNNING_MAX = 256;

export class JobBook {
  /** Of which jobs run. */
  readonly changes = new Changes();
  readonly #components: JobBookComponents;
  readonly #files: PageFiles;
  #refusing = false;
  readonly #left: { readonly own: OwnJob; readonly past: JobPast }[] = [];
  readonly #running = new Map<JobId, OwnJob>();

  constructor(components: JobBookComponents) {
    this.#components = components;
    this.#files = new PageFiles(components.store);
  }

  /** From now on jobs are only seen through. */
  refuseNew(): void {
    this.#refusing = true;
  }

  get running(): readonly OwnJob[] {
    return [...this.#running.values()];
  }

  ownJob(job: JobId): OwnJob | undefined {
    return this.#running.get(job);
  }

  /**
   * Starts a job. Its fate from here on is its own; its input file is open by then.
   * @throws {GridError} `job-invalid` if the program or the parameters can't be used,
   *   `input-unreadable`
   */
  async submit(request: JobRequest): Promise<JobId> {
    const job = await this.#begin(request);
    try {
      // Who is told its id may rely on it, whatever becomes of the power.
      await this.#components.store.sync();
    } catch (error) {
      const reason = reasonOf(error);
      this.ownJob(job)?.fail({ type: 'requester-failed', step: 'store', reason });
      throw error;
    }
    return job;
  }

  async #begin(request: JobRequest): Promise<JobId> {
    const { self, clock } = this.#components;
    this.#checkRoom();
    const params = encodeParams(request.params);
    const program = await prepareProgram(request.program, request.limits, this.#components);
    const { inputPath } = request;
    const files = await Promise.all(pathsOf(request).map((path) => inputFile(path)));
    const input = inputPath === undefined ? undefined : await JobInput.open(inputPath);
    try {
      const { id, spec } = this.#named({
        ...program.ref,
        name: request.name,
        steps: program.steps,
        params,
        trust: request.trust,
        comparison: program.comparison,
        limits: request.limits,
        chunksMax: request.chunksMax,
        requester: self,
        createdAtMs: clock.unixMs(),
      });
      this.#start(id, spec, program, { steps: program.runner(params, input), files });
      return id;
    } catch (error) {
      await input?.close();
      throw error;
    }
  }

  #checkRoom(): void {
    if (this.#refusing) {
      throw new GridError(
        'no-peer-running',
        'The peer here is finishing and takes no new jobs. Start another one once it has stopped.',
      );
    }
    if (this.#running.size >= RUNNING_MAX) {
      throw new GridError(
        'usage',
        `This peer runs ${RUNNING_MAX} jobs already, which is all it takes. Wait for one to end, ` +
          'or cancel one.',
      );
    }
  }

  /**
   * Reads how far the jobs had come that an earlier process of this peer has left.
   * @throws {GridError} `disk-full`, `store-failed` when that could not be synced: none of them has
   *   to end for it, and none can go on
   */
  async readLeft(): Promise<void> {
    const { store, sandbox } = this.#components;
    for (const kept of store.listJobs().filter(isUnderWay).reverse()) {
      const { job, spec, files = [], data } = kept;
      const script = spec.steps.type === 'script' ? spec.steps.script : undefined;
      const isCalled = script !== undefined && spec.comparison !== 'digest';
      const comparer = isCalled ? { comparer: keptScript(spec, script, store) } : {};
      const program = { ...(data === undefined ? {} : { data }), ...comparer };
      const steps = new ResumedSteps(kept, { sandbox, store });
      const own = this.#ownJob(job, spec, program, { steps, files });
      try {
        this.#left.push({ own, past: await own.readPast(kept) });
      } catch (error) {
        own.fail({ type: 'requester-failed', step: 'resume', reason: reasonOf(error) });
      }
    }
    if (this.#left.length > 0) await store.sync();
  }

  /**
   * Goes on with them. At once when others can reach this peer: a volunteer of theirs that asks
   * before would hear that its job has ended.
   * @returns their names
   */
  resumeLeft(): readonly string[] {
    const left = this.#left.splice(0);
    for (const { own, past } of left) {
      // First: of one whose chunks are all accepted already, the machine says so at once.
      this.#follow(own);
      own.resume(past);
    }
    return left.map(({ own }) => own.spec.name);
  }

  #start(id: JobId, spec: JobSpec, program: Program, source: Source): void {
    const own = this.#ownJob(id, spec, program, source);
    // First: a job that the store can't take throws here, and must not be waited for.
    own.run();
    this.#follow(own);
  }

  #ownJob(id: JobId, spec: JobSpec, { data, comparer }: Program, source: Source): OwnJob {
    const { peer, sandbox, store, clock, dispatch } = this.#components;
    const called = comparer && { script: comparer, limits: spec.limits };
    return new OwnJob(id, spec, {
      ...source,
      ...(data === undefined ? {} : { data }),
      ...(called === undefined ? {} : { calls: new ScriptCalls(called, { sandbox }) }),
      store,
      pageFiles: this.#files,
      dispatch,
      machine: () => peer.ownJob(id),
      nowMs: () => clock.nowMs(),
    });
  }

  #follow(own: OwnJob): void {
    this.#running.set(own.job, own);
    this.changes.notify();
    void own.settled.then(() => {
      // What is left to the next process stays, so that what comes in is still written down.
      if (own.isOver) this.#running.delete(own.job);
      this.changes.notify();
    });
  }

  /** Whether others may fetch a blob: what runs the chunks of jobs that run, and nothing else. */
  isOffered(blob: Digest): boolean {
    return this.running.some((own) => own.offers(blob));
  }

  /** Newest first. */
  list(): readonly StoredJob[] {
    const kept = this.#components.store.listJobs();
    return kept.map((job) => this.#running.get(job.job)?.stored ?? ended(job));
  }

  /**
   * @param prefix of an id, at least one character
   * @throws {GridError} `unknown-job` if it fits none, or more than one
   */
  resolve(prefix: string): StoredJob {
    const fits = prefix === '' ? [] : this.list().filter(({ job }) => job.startsWith(prefix));
    const [only] = fits;
    if (fits.length === 1 && only !== undefined) return only;
    throw new GridError(
      'unknown-job',
      fits.length === 0
        ? `This peer knows no job "${prefix.slice(0, 80)}". \`manyhands jobs\` shows them all.`
        : `"${prefix.slice(0, 80)}" fits ${fits.length} jobs. Give more characters of the id.`,
    );
  }

  /**
   * Removes one that has ended, with all that was kept of it.
   * @param prefix of its id
   * @throws {GridError} `unknown-job`, or `usage` while it runs
   */
  forget(prefix: string): JobId {
    const { job } = this.resolve(prefix);
    if (this.#running.has(job)) {
      throw new GridError(
        'usage',
        `That job has not ended yet. \`manyhands cancel ${job.slice(0, 8)}\` ends it.`,
      );
    }
    this.#components.store.forgetJob(job);
    return job;
  }

  /** Stops what runs, for the next process to go on with. */
  async leaveAll(): Promise<void> {
    const { running } = this;
    for (const own of running) own.leave();
    await Promise.all(running.map(({ settled }) => settled));
  }

  /** The same job submitted twice in a millisecond is still two jobs. */
  #named(spec: JobSpec): { readonly id: JobId; readonly spec: JobSpec } {
    const id = jobId(digestOf(encodeCanonical(spec)));
    const taken = this.#running.has(id) || this.#components.store.getJob(id) !== undefined;
    return taken ? this.#named({ ...spec, createdAtMs: spec.createdAtMs + 1 }) : { id, spec };
  }
}

function encodeParams(params: unknown): Uint8Array {
  const encoded = encodeCanonical(params);
  if (encoded.byteLength <= limits.paramsBytesMax) return encoded;
  throw new GridError(
    'job-invalid',
    `The parameters are ${encoded.byteLength} bytes; ${limits.paramsBytesMax} is the most. ` +
      'Give large data with --input.',
  );
}

/** What a job is split from, if it is read from files. */
function pathsOf({ inputPath, program }: JobRequest): readonly string[] {
  if (inputPath !== undefined) return [inputPath];
  const isOfPieces = program.runtime === 'wasi' && program.steps.type === 'pieces';
  return isOfPieces ? program.steps.paths : [];
}

function isUnderWay({ state }: StoredJob): boolean {
  return state === 'running' || state === 'merging';
}

/** A job that doesn't run has ended, also where a full disk could not take how it did. */
function ended(job: StoredJob): StoredJob {
  if (!isUnderWay(job)) return job;
  const failure = 'The disk could not keep how it ended, usually because it was full.';
  return { ...job, state: 'failed', failure };
}
