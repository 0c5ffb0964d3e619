// Original file: proto/manyhands/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface SubmitRequest {
  'name'?: (string);
  'program'?: (Buffer | Uint8Array | string);
  'paramsJson'?: (string);
  'inputPath'?: (string);
  'quorum'?: (number);
  'wallMsMax'?: (number);
  'memoryBytesMax'?: (number | string | Long);
  'resultBytesMax'?: (number);
  'chunksMax'?: (number | string | Long);
}

export interface SubmitRequest__Output {
  'name': (string);
  'program': (Buffer);
  'paramsJson': (string);
  'inputPath': (string);
  'quorum': (number);
  'wallMsMax': (number);
  'memoryBytesMax': (number);
  'resultBytesMax': (number);
  'chunksMax': (number);
}
