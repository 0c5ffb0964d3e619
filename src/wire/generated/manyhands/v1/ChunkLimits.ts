// Original file: proto/manyhands/v1/types.proto

import type { Long } from '@grpc/proto-loader';

export interface ChunkLimits {
  'wallMsMax'?: (number);
  'memoryBytesMax'?: (number | string | Long);
  'resultBytesMax'?: (number);
  'stderrBytesMax'?: (number);
}

export interface ChunkLimits__Output {
  'wallMsMax': (number);
  'memoryBytesMax': (number);
  'resultBytesMax': (number);
  'stderrBytesMax': (number);
}
