// Original file: proto/manyhands/v1/work.proto

import type { Failure as _manyhands_v1_Failure, Failure__Output as _manyhands_v1_Failure__Output } from '../../manyhands/v1/Failure.ts';
import type { Returned as _manyhands_v1_Returned, Returned__Output as _manyhands_v1_Returned__Output } from '../../manyhands/v1/Returned.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReplicaResult {
  'leaseId'?: (number | string | Long);
  'chunk'?: (number);
  'digest'?: (Buffer | Uint8Array | string);
  'failure'?: (_manyhands_v1_Failure | null);
  'returned'?: (_manyhands_v1_Returned | null);
  'computeUs'?: (number | string | Long);
  'workDigest'?: (Buffer | Uint8Array | string);
  'outcome'?: "digest"|"failure"|"returned";
}

export interface ReplicaResult__Output {
  'leaseId': (number);
  'chunk': (number);
  'digest'?: (Buffer);
  'failure'?: (_manyhands_v1_Failure__Output | null);
  'returned'?: (_manyhands_v1_Returned__Output | null);
  'computeUs': (number);
  'workDigest': (Buffer);
  'outcome'?: "digest"|"failure"|"returned";
}
