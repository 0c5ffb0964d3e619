// Original file: proto/manyhands/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface BlobRef {
  'digest'?: (Buffer | Uint8Array | string);
  'bytes'?: (number | string | Long);
}

export interface BlobRef__Output {
  'digest': (Buffer);
  'bytes': (number);
}
