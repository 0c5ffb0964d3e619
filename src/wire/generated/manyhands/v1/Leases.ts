// Original file: proto/manyhands/v1/work.proto

import type { Lease as _manyhands_v1_Lease, Lease__Output as _manyhands_v1_Lease__Output } from '../../manyhands/v1/Lease.ts';

export interface Leases {
  'jobId'?: (Buffer | Uint8Array | string);
  'leaseMs'?: (number);
  'leases'?: (_manyhands_v1_Lease)[];
}

export interface Leases__Output {
  'jobId': (Buffer);
  'leaseMs': (number);
  'leases': (_manyhands_v1_Lease__Output)[];
}
