// Original file: proto/manyhands/v1/overlay.proto

import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';

export interface Visit {
  'record'?: (_manyhands_v1_Signed | null);
}

export interface Visit__Output {
  'record': (_manyhands_v1_Signed__Output | null);
}
