// Original file: proto/manyhands/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface PeerRecord {
  'addresses'?: (string)[];
  'features'?: (string)[];
  'sequence'?: (number | string | Long);
  'expiresAtMs'?: (number | string | Long);
}

export interface PeerRecord__Output {
  'addresses': (string)[];
  'features': (string)[];
  'sequence': (number);
  'expiresAtMs': (number);
}
