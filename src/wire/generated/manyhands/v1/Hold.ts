// Original file: proto/manyhands/v1/work.proto

import type { Long } from '@grpc/proto-loader';

export interface Hold {
  'jobId'?: (Buffer | Uint8Array | string);
  'leaseIds'?: (number | string | Long)[];
}

export interface Hold__Output {
  'jobId': (Buffer);
  'leaseIds': (number)[];
}
