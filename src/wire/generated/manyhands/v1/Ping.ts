// Original file: proto/manyhands/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface Ping {
  'id'?: (number | string | Long);
}

export interface Ping__Output {
  'id': (number);
}
