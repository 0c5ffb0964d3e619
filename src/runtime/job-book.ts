/** All jobs of this peer: those that run, and those the store remembers. */

import { GridError } from '../model/errors.ts';
import { type Digest, jobId, type JobId, type PeerId } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { Clock, Sandbox, Store, StoredJob } from '../ports.ts';
import type { LocalEvent } from '../protocol/events.ts';
import type { Peer } from '../protocol/peer.ts';
import { encodeCanonical } from '../wire/canonical-cbor.ts';
import { digestOf } from '../wire/digest.ts';
import { Changes } from './changes.ts';
import { JobInput } from './job-input.ts';
import { type JobProgram, prepareProgram } from './job-program.ts';
import type { JobRequest } from './job-request.ts';
import type { StepRunner } from './job-steps.ts';
import { OwnJob } from './own-job.ts';
import { PageFiles } from './pages.ts';
import { ScriptCalls } from './script-calls.ts';

export type JobBookComponents = {
  readonly self: PeerId;
  readonly peer: Peer;
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatch: (event: LocalEvent) => void;
};

/** Jobs that run at once at one requester; each costs a thread while it splits and merges. */
const RUNNING_MAX = 256;

export class JobBook {
  /** Of which jobs run. */
  readonly changes = new Changes();
  readonly #components: JobBookComponents;
  readonly #files: PageFiles;
  #refusing = false;
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
    const { self, clock } = this.#components;
    this.#checkRoom();
    const params = encodeParams(request.params);
    const program = await prepareProgram(request.program, request.limits, this.#components);
    const { inputPath } = request;
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
      this.#start(id, spec, program, program.runner(params, input));
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

  #start(id: JobId, spec: JobSpec, { data, comparer }: JobProgram, steps: StepRunner): void {
    const { peer, sandbox, store, clock, dispatch } = this.#components;
    const called = comparer && { job: id, script: comparer, limits: spec.limits };
    const own = new OwnJob(id, spec, {
      steps,
      ...(data === undefined ? {} : { data }),
      ...(called === undefined ? {} : { calls: new ScriptCalls(called, { sandbox }) }),
      store,
      files: this.#files,
      dispatch,
      machine: () => peer.ownJob(id),
      nowMs: () => clock.nowMs(),
    });
    // First: a job that the store can't take throws here, and must not be waited for.
    own.run();
    this.#running.set(id, own);
    this.changes.notify();
    void own.settled.then(() => {
      this.#running.delete(id);
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

  /** Ends what runs, unfinished: the peer stops. */
  async abandonAll(): Promise<void> {
    const { running } = this;
    for (const own of running) own.abandon();
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

/** A job that doesn't run has ended, also where a full disk could not take how it did. */
function ended(job: StoredJob): StoredJob {
  if (job.state !== 'running' && job.state !== 'merging') return job;
  const failure = 'The disk could not keep how it ended, usually because it was full.';
  return { ...job, state: 'failed', failure };
}
