// Original file: proto/manyhands/v1/work.proto

import type { ReplicaResult as _manyhands_v1_ReplicaResult, ReplicaResult__Output as _manyhands_v1_ReplicaResult__Output } from '../../manyhands/v1/ReplicaResult.ts';

export interface ResultStatement {
  'jobId'?: (Buffer | Uint8Array | string);
  'replicas'?: (_manyhands_v1_ReplicaResult)[];
}

export interface ResultStatement__Output {
  'jobId': (Buffer);
  'replicas': (_manyhands_v1_ReplicaResult__Output)[];
}
