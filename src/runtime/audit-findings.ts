/**
 * What an audit has found to be wrong, for a person: all kinds of it, and of each the first ones.
 * A file that was cut in the middle lacks signatures for half a million chunks.
 */

import type { PeerId } from '../model/ids.ts';

/** In the order in which they are told: what is behind the others first. */
const findingKinds = [
  /** The file ends before its seal. */
  'cut-short',
  /** Something comes behind its seal. */
  'trailing-bytes',
  /** It is not what its requester has sealed. */
  'seal',
  /** A record can't be read, or has no place where it is. */
  'record',
  /** The job is not what its id says. */
  'job',
  /** A statement's signature is missing or not its peer's. */
  'signature',
  /** A statement is about another job. */
  'other-job',
  /** A statement is signed by who did not take part. */
  'unknown-peer',
  /** What was signed once is in the file twice. */
  'repeated',
  /** A result is of a chunk that the job does not have. */
  'no-such-chunk',
  /** A peer has returned more than its statements say. */
  'missing-statement',
  /** The digests of accepted results are not as many as chunks. */
  'digests',
  /** A chunk's result is not believed by what was signed of it. */
  'evidence',
  /** A blob is not the one that it is said to be. */
  'blob',
  /** A chunk's input is not what those who signed have computed. */
  'input',
  /** A chunk was computed again, and came out otherwise. */
  'recomputed',
] as const;

export type FindingKind = (typeof findingKinds)[number];

export type Finding = {
  readonly kind: FindingKind;
  /** A sentence. */
  readonly text: string;
  readonly chunk?: number;
  readonly peer?: PeerId;
};

/** Of one kind; whoever wants more needs a better file. */
const EACH_MAX = 20;

export class Findings {
  readonly #counts = new Map<FindingKind, number>();
  readonly #first: Finding[] = [];

  add(kind: FindingKind, text: string, about: Pick<Finding, 'chunk' | 'peer'> = {}): void {
    const count = this.count(kind);
    this.#counts.set(kind, count + 1);
    if (count < EACH_MAX) this.#first.push({ kind, text, ...about });
  }

  get total(): number {
    return this.#counts.values().reduce((sum, count) => sum + count, 0);
  }

  count(kind: FindingKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** By kind; at most twenty of each. */
  get first(): readonly Finding[] {
    return findingKinds.flatMap((kind) => this.#first.filter((finding) => finding.kind === kind));
  }
}
