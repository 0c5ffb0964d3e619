// Original file: proto/manyhands/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface PauseRequest {
  'durationMs'?: (number | string | Long);
}

export interface PauseRequest__Output {
  'durationMs': (number);
}
