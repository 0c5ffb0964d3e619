// Original file: proto/manyhands/v1/blobs.proto

import type { Long } from '@grpc/proto-loader';

export interface FetchRequest {
  'digest'?: (Buffer | Uint8Array | string);
  'offset'?: (number | string | Long);
}

export interface FetchRequest__Output {
  'digest': (Buffer);
  'offset': (number);
}
