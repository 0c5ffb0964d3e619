// Original file: proto/manyhands/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface Receipt {
  'requester'?: (string);
  'jobId'?: (string);
  'name'?: (string);
  'chunks'?: (number | string | Long);
  'computeSeconds'?: (number | string);
  'issuedAtMs'?: (number | string | Long);
  'payload'?: (Buffer | Uint8Array | string);
  'publicKey'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
}

export interface Receipt__Output {
  'requester': (string);
  'jobId': (string);
  'name': (string);
  'chunks': (number);
  'computeSeconds': (number);
  'issuedAtMs': (number);
  'payload': (Buffer);
  'publicKey': (Buffer);
  'signature': (Buffer);
}
