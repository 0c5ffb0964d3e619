// Original file: proto/manyhands/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditHeader {
  'jobId'?: (Buffer | Uint8Array | string);
  'spec'?: (Buffer | Uint8Array | string);
  'chunks'?: (number | string | Long);
  'inputsDigest'?: (Buffer | Uint8Array | string);
}

export interface AuditHeader__Output {
  'jobId': (Buffer);
  'spec': (Buffer);
  'chunks': (number);
  'inputsDigest': (Buffer);
}
