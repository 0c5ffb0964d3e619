// Original file: proto/manyhands/v1/overlay.proto

import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';
import type { Long } from '@grpc/proto-loader';

export interface Probe {
  'id'?: (number | string | Long);
  'record'?: (_manyhands_v1_Signed | null);
}

export interface Probe__Output {
  'id': (number);
  'record': (_manyhands_v1_Signed__Output | null);
}
