/**
 * What an audit file holds: all that it takes to see why the results of a job were believed. What
 * volunteers signed can be checked without believing anybody; what the requester says of peers is
 * its word, under its seal.
 */

import type { Digest, JobId, PeerId } from './ids.ts';
import type { Signed } from './signed.ts';

export type AuditHeader = {
  readonly job: JobId;
  /** Canonical CBOR of the job's spec. */
  readonly spec: Uint8Array;
  readonly chunks: number;
  /** Of the blob with the chunks' inputs, where the file has them. */
  readonly inputs?: Digest;
};

/** What the requester says of a peer, as of when all chunks were accepted. */
export type AuditPeer = {
  readonly peer: PeerId;
  /** Results that were waited for. */
  readonly returned: number;
  readonly accepted: number;
  readonly isCaught: boolean;
  /** Spot-checks, at their best while its results counted; 0 where the job asks for no evidence. */
  readonly passed: number;
};

export type AuditRecord =
  | ({ readonly type: 'header' } & AuditHeader)
  | ({ readonly type: 'peer' } & AuditPeer)
  /** Of accepted results, 32 bytes each, in the order of the chunks. */
  | { readonly type: 'digests'; readonly digests: Uint8Array }
  /** A result that `equals` took for equal to another one of its chunk; by chunk and digest. */
  | {
      readonly type: 'equivalent';
      readonly chunk: number;
      readonly digest: Digest;
      readonly of: Digest;
    }
  /** @property counted which of its results did, as bits (`counted.ts`); absent: all of them */
  | { readonly type: 'statement'; readonly signed: Signed; readonly counted?: Uint8Array }
  | {
      readonly type: 'blob';
      readonly digest: Digest;
      readonly piece: Uint8Array;
      readonly isLast: boolean;
    }
  | { readonly type: 'seal'; readonly signed: Signed };

/** What is before the seal. */
export type AuditSeal = {
  readonly records: number;
  /** Of all bytes. */
  readonly digest: Digest;
  /** Of the header record alone, so that it can be told which part was changed. */
  readonly header: Digest;
};
