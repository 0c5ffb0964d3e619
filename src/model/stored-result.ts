/** What a store keeps of a job's results. */

import type { Digest } from './ids.ts';
import type { Signed } from './signed.ts';

/** @property counted which of its replicas did, as bits (`counted.ts`); absent: all of them */
export type KeptStatement = Signed & { readonly counted?: Uint8Array };

export type StoredStatement = {
  readonly number: number;
  readonly signed: Signed;
  /** As it was kept. */
  readonly counted?: Uint8Array;
};

/** A result of a chunk that the job's `equals` took for equal to another one. */
export type Equivalent = {
  readonly chunk: number;
  /** As its peer has signed it. */
  readonly digest: Digest;
  /** Of the one that it counted as. */
  readonly of: Digest;
};

export type StoredResult = {
  readonly chunk: number;
  readonly digest: Digest;
  readonly value: Uint8Array;
};
