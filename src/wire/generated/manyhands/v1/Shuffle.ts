// Original file: proto/manyhands/v1/overlay.proto

import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';
import type { Long } from '@grpc/proto-loader';

export interface Shuffle {
  'id'?: (number | string | Long);
  'ttl'?: (number);
  'path'?: (string)[];
  'records'?: (_manyhands_v1_Signed)[];
}

export interface Shuffle__Output {
  'id': (number);
  'ttl': (number);
  'path': (string)[];
  'records': (_manyhands_v1_Signed__Output)[];
}
