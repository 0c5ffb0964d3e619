// Original file: proto/manyhands/v1/audit.proto

import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';

export interface AuditStatement {
  'signed'?: (_manyhands_v1_Signed | null);
  'counted'?: (Buffer | Uint8Array | string);
}

export interface AuditStatement__Output {
  'signed': (_manyhands_v1_Signed__Output | null);
  'counted': (Buffer);
}
