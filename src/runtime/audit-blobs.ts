/**
 * The program and the inputs in an audit file. Both are what they should be if they are what those
 * who signed have computed: a blob by its digest, an input by the work that they have named.
 *
 * Each blob is there once. Whoever reads the file again to compute from it takes the first copy of
 * each; so no other one is looked at here either, and that there is one is told.
 */

import { createHash, type Hash } from 'node:crypto';

import type { AuditHeader, AuditRecord } from '../model/audit.ts';
import { type Digest, digest, short } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import { type WorkDigests, workDigests } from '../wire/work-digest.ts';
import type { AuditChunks } from './audit-chunks.ts';
import type { Findings } from './audit-findings.ts';
import { KeptInputs } from './kept-inputs.ts';

type BlobRecord = Extract<AuditRecord, { type: 'blob' }>;

/** Program, setup, inputs, and data files. */
const BLOBS_MAX = 3 + limits.setupItemsMax;

/** @property hash absent of what is not looked at */
type Open = { readonly digest: Digest; readonly hash?: Hash };

export class AuditBlobs {
  readonly #header: AuditHeader;
  readonly #needed: readonly Digest[];
  readonly #chunks: AuditChunks;
  readonly #findings: Findings;
  readonly #workOf: WorkDigests;
  readonly #inputs = new KeptInputs();
  #next = 0;
  #open: Open | undefined;
  readonly #begun = new Set<Digest>();
  readonly #whole = new Set<Digest>();
  #isDamaged = false;

  constructor(header: AuditHeader, spec: JobSpec, chunks: AuditChunks, findings: Findings) {
    this.#header = header;
    this.#needed = [spec.program, ...(spec.setup === undefined ? [] : [spec.setup.digest])];
    this.#chunks = chunks;
    this.#findings = findings;
    this.#workOf = workDigests(spec);
  }

  /** With a program to compute them. */
  get hasInputs(): boolean {
    const { inputs } = this.#header;
    const isWhole = (blob: Digest): boolean => this.#whole.has(blob);
    return inputs !== undefined && isWhole(inputs) && this.#needed.every(isWhole);
  }

  add({ digest: blob, piece, isLast }: BlobRecord): void {
    if (this.#open !== undefined && this.#open.digest !== blob) this.#cutShort(this.#open);
    const open = (this.#open ??= this.#begin(blob));
    if (open.hash !== undefined) {
      open.hash.update(piece);
      if (blob === this.#header.inputs) this.#addInputs(piece);
    }
    if (!isLast) return;
    this.#open = undefined;
    if (open.hash === undefined) return;
    if (digest(open.hash.digest('hex')) === blob) this.#whole.add(blob);
    else this.#findings.add('blob', `The blob ${short(blob)} is damaged: its digest is another.`);
  }

  end(): void {
    if (this.#open !== undefined) this.#cutShort(this.#open);
    const { inputs, chunks } = this.#header;
    if (inputs === undefined || this.#isDamaged || !this.#whole.has(inputs)) return;
    if (this.#next === chunks && this.#inputs.isWhole) return;
    this.#findings.add('input', `There are inputs of ${this.#next} chunks, of ${chunks}.`);
  }

  #begin(blob: Digest): Open {
    const isAgain = this.#begun.has(blob);
    if (!isAgain && this.#begun.size < BLOBS_MAX) {
      this.#begun.add(blob);
      return { digest: blob, hash: createHash('sha256') };
    }
    const what = isAgain ? 'comes once more' : 'is one too many: no job has so many';
    this.#findings.add('blob', `The blob ${short(blob)} ${what}.`);
    return { digest: blob };
  }

  #cutShort({ digest: blob, hash }: Open): void {
    this.#open = undefined;
    if (hash !== undefined) this.#findings.add('blob', `The blob ${short(blob)} is cut short.`);
  }

  #addInputs(piece: Uint8Array): void {
    if (this.#isDamaged) return;
    const inputs = this.#inputs.push(piece);
    if (inputs === undefined) {
      this.#isDamaged = true;
      this.#findings.add('input', "The inputs of the chunks can't be read.");
    }
    for (const input of inputs ?? []) {
      const chunk = this.#next;
      this.#next += 1;
      const work = this.#chunks.workOf(chunk);
      if (work === undefined || work === this.#workOf(input)) continue;
      const text =
        `Chunk ${chunk}: its input, or the program, is not what those have computed who signed ` +
        'its result.';
      this.#findings.add('input', text, { chunk });
    }
  }
}
