/**
 * The program and the inputs in an audit file. Both are what they should be if they are what those
 * who signed have computed: a blob by its digest, an input by the work that they have named.
 */

import { createHash, type Hash } from 'node:crypto';

import type { AuditHeader, AuditRecord } from '../model/audit.ts';
import { type Digest, digest, short } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import { type WorkDigests, workDigests } from '../wire/work-digest.ts';
import type { AuditChunks } from './audit-chunks.ts';
import type { Findings } from './audit-findings.ts';
import { KeptInputs } from './kept-inputs.ts';

type BlobRecord = Extract<AuditRecord, { type: 'blob' }>;

export class AuditBlobs {
  readonly #header: AuditHeader;
  readonly #program: Digest;
  readonly #chunks: AuditChunks;
  readonly #findings: Findings;
  readonly #workOf: WorkDigests;
  readonly #inputs = new KeptInputs();
  #next = 0;
  #open: { readonly digest: Digest; readonly hash: Hash } | undefined;
  readonly #whole = new Set<Digest>();
  #isDamaged = false;

  constructor(header: AuditHeader, spec: JobSpec, chunks: AuditChunks, findings: Findings) {
    this.#header = header;
    this.#program = spec.program;
    this.#chunks = chunks;
    this.#findings = findings;
    this.#workOf = workDigests(spec);
  }

  /** With a program to compute them. */
  get hasInputs(): boolean {
    const { inputs } = this.#header;
    return inputs !== undefined && this.#whole.has(inputs) && this.#whole.has(this.#program);
  }

  add({ digest: blob, piece, isLast }: BlobRecord): void {
    if (this.#open !== undefined && this.#open.digest !== blob) this.#cutShort(this.#open.digest);
    const open = (this.#open ??= { digest: blob, hash: createHash('sha256') });
    open.hash.update(piece);
    if (blob === this.#header.inputs) this.#addInputs(piece);
    if (!isLast) return;
    this.#open = undefined;
    if (digest(open.hash.digest('hex')) === blob) this.#whole.add(blob);
    else this.#findings.add('blob', `The blob ${short(blob)} is damaged: its digest is another.`);
  }

  end(): void {
    if (this.#open !== undefined) this.#cutShort(this.#open.digest);
    const { inputs, chunks } = this.#header;
    if (inputs === undefined || this.#isDamaged || !this.#whole.has(inputs)) return;
    if (this.#next === chunks && this.#inputs.isWhole) return;
    this.#findings.add('input', `There are inputs of ${this.#next} chunks, of ${chunks}.`);
  }

  #cutShort(blob: Digest): void {
    this.#open = undefined;
    this.#findings.add('blob', `The blob ${short(blob)} is cut short.`);
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
