// Original file: proto/manyhands/v1/blobs.proto

import type { Long } from '@grpc/proto-loader';

export interface FetchResponse {
  'piece'?: (Buffer | Uint8Array | string);
  'totalBytes'?: (number | string | Long);
}

export interface FetchResponse__Output {
  'piece': (Buffer);
  'totalBytes': (number);
}
