// Original file: proto/manyhands/v1/work.proto

import type { Long } from '@grpc/proto-loader';

export interface PutBegin {
  'jobId'?: (Buffer | Uint8Array | string);
  'leaseId'?: (number | string | Long);
  'chunk'?: (number);
  'digest'?: (Buffer | Uint8Array | string);
  'totalBytes'?: (number | string | Long);
}

export interface PutBegin__Output {
  'jobId': (Buffer);
  'leaseId': (number);
  'chunk': (number);
  'digest': (Buffer);
  'totalBytes': (number);
}
