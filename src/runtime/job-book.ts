/** All jobs of this peer: those that run, and those the store remembers. */

import { basename } from 'node:path';

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
import { OwnJob } from './own-job.ts';
import { PageFiles } from './pages.ts';

export type JobBookComponents = {
  readonly self: PeerId;
  readonly peer: Peer;
  readonly sandbox: Sandbox;
  readonly store: Store;
  readonly clock: Clock;
  readonly dispatch: (event: LocalEvent) => void;
};

/** A job as the owner asks for it. */
export type JobRequest = Pick<JobSpec, 'name' | 'trust' | 'limits' | 'chunksMax'> & {
  readonly program: Uint8Array;
  readonly params: unknown;
  readonly inputPath: string | undefined;
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
   * Starts a job. Its fate from here on is its own.
   * @throws {GridError} `job-invalid` if the program or the parameters can't be used
   */
  async submit(request: JobRequest): Promise<JobId> {
    const { self, peer, sandbox, store, clock, dispatch } = this.#components;
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
    const params = encodeCanonical(request.params);
    if (params.byteLength > limits.paramsBytesMax) {
      throw new GridError(
        'job-invalid',
        `The parameters are ${params.byteLength} bytes; ${limits.paramsBytesMax} is the most. ` +
          'Give large data with --input.',
      );
    }
    const program = await store.putBlob(request.program);
    const trouble = await sandbox.load(program, request.program);
    if (trouble !== undefined) throw new GridError('job-invalid', trouble);
    const { id, spec } = this.#named({
      name: request.name,
      runtime: 'javascript',
      program,
      programBytes: request.program.byteLength,
      params,
      trust: request.trust,
      limits: request.limits,
      chunksMax: request.chunksMax,
      requester: self,
      createdAtMs: clock.unixMs(),
    });
    const own = new OwnJob(id, spec, {
      sandbox,
      store,
      files: this.#files,
      dispatch,
      machine: () => peer.ownJob(id),
      nowMs: () => clock.nowMs(),
    });
    const { inputPath } = request;
    const input =
      inputPath === undefined ? undefined : { name: basename(inputPath), path: inputPath };
    // First: a job that the store can't take throws here, and must not be waited for.
    own.run(input);
    this.#running.set(id, own);
    this.changes.notify();
    void own.settled.then(() => {
      this.#running.delete(id);
      this.changes.notify();
    });
    return id;
  }

  /** Whether others may fetch a blob: the programs of jobs that run, and nothing else. */
  isOffered(blob: Digest): boolean {
    return this.running.some(({ spec }) => spec.program === blob);
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

/** A job that doesn't run has ended, also where a full disk could not take how it did. */
function ended(job: StoredJob): StoredJob {
  if (job.state !== 'running' && job.state !== 'merging') return job;
  const failure = 'The disk could not keep how it ended, usually because it was full.';
  return { ...job, state: 'failed', failure };
}
