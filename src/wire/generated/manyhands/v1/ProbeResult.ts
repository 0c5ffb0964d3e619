// Original file: proto/manyhands/v1/overlay.proto

import type { Long } from '@grpc/proto-loader';

export interface ProbeResult {
  'id'?: (number | string | Long);
  'reached'?: (boolean);
}

export interface ProbeResult__Output {
  'id': (number);
  'reached': (boolean);
}
