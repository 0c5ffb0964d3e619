// Original file: proto/manyhands/v1/work.proto

import type { Long } from '@grpc/proto-loader';

export interface Lease {
  'leaseId'?: (number | string | Long);
  'chunk'?: (number);
  'input'?: (Buffer | Uint8Array | string);
}

export interface Lease__Output {
  'leaseId': (number);
  'chunk': (number);
  'input': (Buffer);
}
