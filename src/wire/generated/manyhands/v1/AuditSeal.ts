// Original file: proto/manyhands/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditSeal {
  'jobId'?: (Buffer | Uint8Array | string);
  'records'?: (number | string | Long);
  'digest'?: (Buffer | Uint8Array | string);
  'headerDigest'?: (Buffer | Uint8Array | string);
}

export interface AuditSeal__Output {
  'jobId': (Buffer);
  'records': (number);
  'digest': (Buffer);
  'headerDigest': (Buffer);
}
