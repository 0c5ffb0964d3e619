// Original file: proto/manyhands/v1/audit.proto

import type { AuditHeader as _manyhands_v1_AuditHeader, AuditHeader__Output as _manyhands_v1_AuditHeader__Output } from '../../manyhands/v1/AuditHeader.ts';
import type { AuditPeer as _manyhands_v1_AuditPeer, AuditPeer__Output as _manyhands_v1_AuditPeer__Output } from '../../manyhands/v1/AuditPeer.ts';
import type { AuditDigests as _manyhands_v1_AuditDigests, AuditDigests__Output as _manyhands_v1_AuditDigests__Output } from '../../manyhands/v1/AuditDigests.ts';
import type { AuditEquivalent as _manyhands_v1_AuditEquivalent, AuditEquivalent__Output as _manyhands_v1_AuditEquivalent__Output } from '../../manyhands/v1/AuditEquivalent.ts';
import type { AuditStatement as _manyhands_v1_AuditStatement, AuditStatement__Output as _manyhands_v1_AuditStatement__Output } from '../../manyhands/v1/AuditStatement.ts';
import type { AuditBlob as _manyhands_v1_AuditBlob, AuditBlob__Output as _manyhands_v1_AuditBlob__Output } from '../../manyhands/v1/AuditBlob.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';

export interface AuditRecord {
  'header'?: (_manyhands_v1_AuditHeader | null);
  'peer'?: (_manyhands_v1_AuditPeer | null);
  'digests'?: (_manyhands_v1_AuditDigests | null);
  'equivalent'?: (_manyhands_v1_AuditEquivalent | null);
  'statement'?: (_manyhands_v1_AuditStatement | null);
  'blob'?: (_manyhands_v1_AuditBlob | null);
  'seal'?: (_manyhands_v1_Signed | null);
  'record'?: "header"|"peer"|"digests"|"equivalent"|"statement"|"blob"|"seal";
}

export interface AuditRecord__Output {
  'header'?: (_manyhands_v1_AuditHeader__Output | null);
  'peer'?: (_manyhands_v1_AuditPeer__Output | null);
  'digests'?: (_manyhands_v1_AuditDigests__Output | null);
  'equivalent'?: (_manyhands_v1_AuditEquivalent__Output | null);
  'statement'?: (_manyhands_v1_AuditStatement__Output | null);
  'blob'?: (_manyhands_v1_AuditBlob__Output | null);
  'seal'?: (_manyhands_v1_Signed__Output | null);
  'record'?: "header"|"peer"|"digests"|"equivalent"|"statement"|"blob"|"seal";
}
