// Original file: proto/manyhands/v1/work.proto

import type { Long } from '@grpc/proto-loader';

export interface PutResponse {
  'offset'?: (number | string | Long);
}

export interface PutResponse__Output {
  'offset': (number);
}
