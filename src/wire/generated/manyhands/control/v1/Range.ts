// Original file: proto/manyhands/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface Range {
  'from'?: (number | string | Long);
  'to'?: (number | string | Long);
  'numbersPerChunk'?: (number);
}

export interface Range__Output {
  'from': (number);
  'to': (number);
  'numbersPerChunk': (number);
}
