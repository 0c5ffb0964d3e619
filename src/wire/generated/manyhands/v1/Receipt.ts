// Original file: proto/manyhands/v1/work.proto

import type { Long } from '@grpc/proto-loader';

export interface Receipt {
  'peer'?: (string);
  'jobId'?: (Buffer | Uint8Array | string);
  'name'?: (string);
  'chunks'?: (number | string | Long);
  'computeUs'?: (number | string | Long);
  'issuedAtMs'?: (number | string | Long);
}

export interface Receipt__Output {
  'peer': (string);
  'jobId': (Buffer);
  'name': (string);
  'chunks': (number);
  'computeUs': (number);
  'issuedAtMs': (number);
}
