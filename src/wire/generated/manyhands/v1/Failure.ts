// Original file: proto/manyhands/v1/work.proto

import type { FailureKind as _manyhands_v1_FailureKind, FailureKind__Output as _manyhands_v1_FailureKind__Output } from '../../manyhands/v1/FailureKind.ts';

export interface Failure {
  'kind'?: (_manyhands_v1_FailureKind);
}

export interface Failure__Output {
  'kind': (_manyhands_v1_FailureKind__Output);
}
