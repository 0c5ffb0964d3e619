/**
 * Computes some chunks of an audited job once more, here, and compares what comes out with what was
 * accepted. That needs nobody's word: a few chunks, picked where nobody could know it before, say
 * more than all signatures together.
 *
 * The file is read a second time for it, as a stream; the program is held, and a page of inputs.
 */

import { randomInt } from 'node:crypto';
import { availableParallelism, totalmem } from 'node:os';

import { GridError } from '../model/errors.ts';
import { type Digest, digest, short } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { LeasedChunk, Outcome } from '../model/replica.ts';
import type { LoadableProgram, Sandbox } from '../ports.ts';
import { createSandbox } from '../sandbox/create-sandbox.ts';
import { readAuditFrames } from '../wire/audit-frames.ts';
import { decodeSetup } from '../wire/setup-codec.ts';
import type { AuditedJob } from './audit-check.ts';
import type { Findings } from './audit-findings.ts';
import { KeptInputs } from './kept-inputs.ts';
import { loadableProgram } from './loadable.ts';

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

const DIGEST_BYTES = 32;
const BLOBS_BYTES_MAX = limits.moduleBytesMax + limits.dataBytesMax + limits.setupBytesMax;

/** @throws {GridError} `job-failed` when the program can't be run here */
export async function recompute(
  options: RecomputeOptions,
  openSandbox: (spec: JobSpec) => Sandbox = sandboxFor,
): Promise<Recomputed> {
  const sandbox = openSandbox(options.job.spec);
  try {
    return await new Recomputing(options, sandbox).run();
  } finally {
    await sandbox.close();
  }
}

/** A stranger's file may ask for any amount of memory. */
function sandboxFor({ limits: chunk }: JobSpec): Sandbox {
  const memoryBytesMax = Math.min(chunk.memoryBytesMax, Math.floor(totalmem() / 2));
  return createSandbox({ slots: availableParallelism(), limits: { ...chunk, memoryBytesMax } });
}

/** Every set of as many has the same chance. */
export function sampleOf(chunks: number, count: number): ReadonlySet<number> {
  const sample = new Set<number>();
  // Floyd's algorithm (Bentley and Floyd, "A sample of brilliance", 1987).
  for (let last = chunks - Math.min(count, chunks); last < chunks; last += 1) {
    const one = randomInt(last + 1);
    sample.add(sample.has(one) ? last : one);
  }
  return sample;
}

class Recomputing {
  readonly #options: RecomputeOptions;
  readonly #sandbox: Sandbox;
  readonly #sample: ReadonlySet<number>;
  /** Of the sample. */
  readonly #accepted = new Map<number, Digest>();
  readonly #equal = new Set<string>();
  readonly #blobs = new Map<Digest, Buffer[]>();
  readonly #inputs = new KeptInputs();
  #blobBytes = 0;
  #digests = 0;
  #next = 0;
  #program: LoadableProgram | undefined;
  #same = 0;
  #different = 0;
  readonly #undecided: { readonly chunk: number; readonly why: string }[] = [];

  constructor(options: RecomputeOptions, sandbox: Sandbox) {
    this.#options = options;
    this.#sandbox = sandbox;
    this.#sample = sampleOf(options.job.chunks, options.chunks);
  }

  async run(): Promise<Recomputed> {
    for await (const event of readAuditFrames(this.#options.pieces)) {
      if (event.type !== 'record') continue;
      const { record } = event;
      if (record.type === 'digests') this.#addDigests(Buffer.from(record.digests));
      if (record.type === 'equivalent') {
        this.#equal.add(`${record.chunk} ${record.digest} ${record.of}`);
      }
      if (record.type === 'blob') await this.#addBlob(record.digest, record.piece);
    }
    const undecided = this.#undecided.toSorted((a, b) => a.chunk - b.chunk);
    const chunks = this.#same + this.#different + undecided.length;
    return { chunks, same: this.#same, different: this.#different, undecided };
  }

  #addDigests(digests: Buffer): void {
    for (let at = 0; at < digests.length; at += DIGEST_BYTES) {
      if (this.#sample.has(this.#digests)) {
        const accepted = digest(digests.toString('hex', at, at + DIGEST_BYTES));
        this.#accepted.set(this.#digests, accepted);
      }
      this.#digests += 1;
    }
  }

  /** The inputs come last. */
  async #addBlob(blob: Digest, piece: Uint8Array): Promise<void> {
    const { job } = this.#options;
    if (blob === job.inputs) {
      const program = (this.#program ??= await this.#load(job.spec));
      const inputs = this.#inputs.push(piece) ?? [];
      const chunks = inputs.flatMap((input, index): LeasedChunk[] => {
        const chunk = this.#next + index;
        return this.#sample.has(chunk) ? [{ lease: chunk, chunk, input }] : [];
      });
      this.#next += inputs.length;
      return this.#compute(program, chunks);
    }
    this.#blobBytes += piece.length;
    if (this.#blobBytes > BLOBS_BYTES_MAX) throw unable('its program and data are too large');
    this.#blobs.set(blob, [...(this.#blobs.get(blob) ?? []), Buffer.from(piece)]);
  }

  async #load(spec: JobSpec): Promise<LoadableProgram> {
    const read = async (blob: Digest): Promise<Uint8Array> => {
      const pieces = this.#blobs.get(blob);
      if (pieces === undefined) throw unable(`its blob ${short(blob)} is not in the file`);
      return Buffer.concat(pieces);
    };
    const setup = spec.setup === undefined ? undefined : decodeSetup(await read(spec.setup.digest));
    if (setup !== undefined && setup.type !== 'message') throw unable("its setup can't be read");
    const { memoryBytesMax } = spec.limits;
    const program = loadableProgram(spec, setup?.message, memoryBytesMax, read);
    const failure = await this.#sandbox.load(program, spec.limits);
    if (failure !== undefined) throw unable(`${failure.kind}: ${failure.detail}`);
    return program;
  }

  async #compute(program: LoadableProgram, chunks: readonly LeasedChunk[]): Promise<void> {
    const { slots } = this.#sandbox;
    const { id: job, spec } = this.#options.job;
    const batches = Array.from({ length: Math.min(slots, chunks.length) }, (_, slot) =>
      chunks.filter((_chunk, index) => index % slots === slot),
    );
    await Promise.all(
      batches.map(async (batch) => {
        const ran = await this.#sandbox.run({
          job,
          program: program.key,
          limits: spec.limits,
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
    const accepted = this.#accepted.get(chunk);
    if (accepted === undefined) return;
    if (outcome.type === 'returned') return this.#undecide(chunk, 'the sandbox has stopped');
    if (outcome.type === 'failure') {
      const { kind } = outcome.failure;
      // Those are the machine's as much as the program's.
      if (kind === 'timed-out' || kind === 'out-of-memory') return this.#undecide(chunk, kind);
      return this.#differ(chunk, accepted, `it failed here: ${kind}`);
    }
    const { digest: result } = outcome;
    if (result === accepted || this.#equal.has(`${chunk} ${result} ${accepted}`)) {
      this.#same += 1;
    } else if (this.#options.job.spec.comparison === 'digest') {
      this.#differ(chunk, accepted, `here it comes out as ${short(result)}`);
    } else {
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
