/**
 * Computes some chunks of an audited job once more, here, and compares what comes out with what was
 * accepted. That needs nobody's word: a few chunks, picked where nobody could know it before, say
 * more than all signatures together.
 *
 * The file is read a second time for it, as a stream; the program is held, and a page of inputs,
 * and the accepted digests.
 */

import { createHash } from 'node:crypto';
import { availableParallelism, totalmem } from 'node:os';

import type { AuditRecord } from '../model/audit.ts';
import { GridError, reasonOf } from '../model/errors.ts';
import { type Digest, digest, short } from '../model/ids.ts';
import type { ChunkLimits, JobSpec } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { LeasedChunk, Outcome } from '../model/replica.ts';
import type { LoadableProgram, Sandbox } from '../ports.ts';
import { createSandbox } from '../sandbox/create-sandbox.ts';
import { readAuditFrames } from '../wire/audit-frames.ts';
import { decodeSetup } from '../wire/setup-codec.ts';
import type { AuditedJob } from './audit-check.ts';
import type { Findings } from './audit-findings.ts';
import { HeldBlobs } from './held-blobs.ts';
import { KeptInputs } from './kept-inputs.ts';
import { loadableProgram } from './loadable.ts';
import { Sample } from './sample.ts';

export type RecomputeOptions = {
  /** The file, once more. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** As the check has found it, with its inputs. */
  readonly job: AuditedJob;
  /** How many, at most all. */
  readonly chunks: number;
  /** Gets what came out otherwise. */
  readonly findings: Findings;
  readonly onProgress?: (done: number) => void;
};

export type Recomputed = {
  readonly chunks: number;
  readonly same: number;
  readonly different: number;
  /** Neither: this machine had not enough for it, or the job allows for several right results. */
  readonly undecided: readonly { readonly chunk: number; readonly why: string }[];
};

type BlobRecord = Extract<AuditRecord, { type: 'blob' }>;

const DIGEST_BYTES = 32;
/** What a chunk may take here, at least. A guess: a slow machine needs a while, but no hours. */
const WALL_MS_MIN = 10 * 60_000;
const BLOBS_BYTES_MAX = limits.moduleBytesMax + limits.dataBytesMax + limits.setupBytesMax;

/** @throws {GridError} `job-failed` when the program can't be run here */
export async function recompute(
  options: RecomputeOptions,
  openSandbox: (chunk: ChunkLimits) => Sandbox = sandboxFor,
): Promise<Recomputed> {
  const chunkLimits = limitsHere(options.job.spec);
  const sandbox = openSandbox(chunkLimits);
  try {
    return await new Recomputing(options, chunkLimits, sandbox).run();
  } finally {
    await sandbox.close();
  }
}

/**
 * How long a chunk may take is no part of what was signed: a requester that lies could say so
 * little that no chunk is done in time.
 */
function limitsHere({ limits: chunk }: JobSpec): ChunkLimits {
  const wallMsMax = Math.min(Math.max(chunk.wallMsMax, WALL_MS_MIN), limits.timerMsMax);
  return { ...chunk, wallMsMax };
}

/** A stranger's file may ask for any amount of memory. */
function sandboxFor(chunk: ChunkLimits): Sandbox {
  const memoryBytesMax = Math.min(chunk.memoryBytesMax, Math.floor(totalmem() / 2));
  return createSandbox({ slots: availableParallelism(), limits: { ...chunk, memoryBytesMax } });
}

class Recomputing {
  readonly #options: RecomputeOptions;
  readonly #sandbox: Sandbox;
  readonly #limits: ChunkLimits;
  readonly #sample: Sample;
  #accepted: Buffer[] = [];
  #digests: Buffer = Buffer.alloc(0);
  readonly #blobs = new HeldBlobs(BLOBS_BYTES_MAX);
  readonly #inputs = new KeptInputs();
  readonly #inputsHash = createHash('sha256');
  #hasEnded = false;
  #next = 0;
  #program: LoadableProgram | undefined;
  #same = 0;
  #different = 0;
  readonly #undecided: { readonly chunk: number; readonly why: string }[] = [];

  constructor(options: RecomputeOptions, chunkLimits: ChunkLimits, sandbox: Sandbox) {
    this.#options = options;
    this.#sandbox = sandbox;
    this.#limits = chunkLimits;
    this.#sample = new Sample(options.job.chunks, options.chunks);
  }

  async run(): Promise<Recomputed> {
    for await (const event of readAuditFrames(this.#options.pieces)) {
      if (event.type !== 'record' || this.#hasEnded) continue;
      const { record } = event;
      if (record.type === 'digests' && record.digests.length > 0) {
        this.#accepted.push(Buffer.from(record.digests));
      }
      if (record.type === 'blob') await this.#addBlob(record);
    }
    if (!this.#hasEnded) throw unable('the inputs are not whole');
    const undecided = this.#undecided.toSorted((a, b) => a.chunk - b.chunk);
    const chunks = this.#same + this.#different + undecided.length;
    return { chunks, same: this.#same, different: this.#different, undecided };
  }

  /** The inputs come last, and of those the first copy counts. */
  async #addBlob(record: BlobRecord): Promise<void> {
    const { job } = this.#options;
    if (record.digest !== job.inputs) {
      if (this.#blobs.add(record)) return;
      throw unable('its program and data are too large');
    }
    const program = (this.#program ??= await this.#begin(job.spec));
    this.#inputsHash.update(record.piece);
    const inputs = this.#inputs.push(record.piece) ?? [];
    const chunks = inputs.flatMap((input, index): LeasedChunk[] => {
      const chunk = this.#next + index;
      return this.#sample.has(chunk) ? [{ lease: chunk, chunk, input }] : [];
    });
    this.#next += inputs.length;
    await this.#compute(program, chunks);
    if (!record.isLast) return;
    this.#hasEnded = this.#inputsHash.digest('hex') === job.inputs;
    if (!this.#hasEnded) throw unable('the inputs have changed while they were read');
  }

  async #begin(spec: JobSpec): Promise<LoadableProgram> {
    this.#digests = Buffer.concat(this.#accepted);
    this.#accepted = [];
    const { setup } = spec;
    const decoded = setup === undefined ? undefined : decodeSetup(this.#read(setup.digest));
    if (decoded !== undefined && decoded.type !== 'message')
      throw unable("its setup can't be read");
    const read = async (blob: Digest): Promise<Uint8Array> => this.#read(blob);
    const program = loadableProgram(spec, decoded?.message, spec.limits.memoryBytesMax, read);
    const failure = await this.#sandbox.load(program, this.#limits);
    if (failure !== undefined) throw unable(`${failure.kind}: ${failure.detail}`);
    return program;
  }

  #read(blob: Digest): Uint8Array {
    try {
      return this.#blobs.get(blob);
    } catch (error) {
      throw unable(reasonOf(error));
    }
  }

  async #compute(program: LoadableProgram, chunks: readonly LeasedChunk[]): Promise<void> {
    const { slots } = this.#sandbox;
    const { id: job } = this.#options.job;
    const batches = Array.from({ length: Math.min(slots, chunks.length) }, (_, slot) =>
      chunks.filter((_chunk, index) => index % slots === slot),
    );
    await Promise.all(
      batches.map(async (batch) => {
        const ran = await this.#sandbox.run({
          job,
          program: program.key,
          limits: this.#limits,
          chunks: batch,
        });
        for (const [index, { outcome }] of ran.entries()) {
          this.#compare(batch[index]?.chunk ?? Number.NaN, outcome);
        }
      }),
    );
    const done = this.#same + this.#different + this.#undecided.length;
    this.#options.onProgress?.(done);
  }

  #compare(chunk: number, outcome: Outcome): void {
    const start = chunk * DIGEST_BYTES;
    const accepted = digest(this.#digests.toString('hex', start, start + DIGEST_BYTES));
    if (outcome.type === 'returned') return this.#undecide(chunk, 'the sandbox has stopped');
    if (outcome.type === 'failure') {
      const { kind } = outcome.failure;
      // Those are the machine's as much as the program's.
      if (kind === 'timed-out' || kind === 'out-of-memory') return this.#undecide(chunk, kind);
      return this.#differ(chunk, accepted, `it failed here: ${kind}`);
    }
    const { digest: result } = outcome;
    if (result === accepted) {
      this.#same += 1;
    } else if (this.#options.job.spec.comparison === 'digest') {
      this.#differ(chunk, accepted, `here it comes out as ${short(result)}`);
    } else {
      // What `equals` took for equal is the requester's word, and here nobody's is asked for.
      this.#undecide(chunk, 'its job takes different results for right');
    }
  }

  #undecide(chunk: number, why: string): void {
    this.#undecided.push({ chunk, why });
  }

  #differ(chunk: number, accepted: Digest, how: string): void {
    this.#different += 1;
    const text = `Chunk ${chunk}: its accepted result is ${short(accepted)}, but ${how}.`;
    this.#options.findings.add('recomputed', text, { chunk });
  }
}

function unable(why: string): GridError {
  return new GridError('job-failed', `The chunks can't be computed again here: ${why}.`);
}
