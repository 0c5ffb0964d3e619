// Original file: proto/manyhands/v1/overlay.proto

import type { Long } from '@grpc/proto-loader';

export interface OfferName {
  'requester'?: (string);
  'jobId'?: (Buffer | Uint8Array | string);
  'sequence'?: (number | string | Long);
}

export interface OfferName__Output {
  'requester': (string);
  'jobId': (Buffer);
  'sequence': (number);
}
