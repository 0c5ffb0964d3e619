// Original file: proto/manyhands/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface PutBlobResponse {
  'digest'?: (string);
  'bytes'?: (number | string | Long);
}

export interface PutBlobResponse__Output {
  'digest': (string);
  'bytes': (number);
}
