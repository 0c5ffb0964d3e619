// Original file: proto/manyhands/control/v1/control.proto

import type { Setup as _manyhands_control_v1_Setup, Setup__Output as _manyhands_control_v1_Setup__Output } from '../../../manyhands/control/v1/Setup.ts';
import type { Pieces as _manyhands_control_v1_Pieces, Pieces__Output as _manyhands_control_v1_Pieces__Output } from '../../../manyhands/control/v1/Pieces.ts';
import type { Credibility as _manyhands_control_v1_Credibility, Credibility__Output as _manyhands_control_v1_Credibility__Output } from '../../../manyhands/control/v1/Credibility.ts';
import type { Long } from '@grpc/proto-loader';

export interface SubmitRequest {
  'name'?: (string);
  'program'?: (string);
  'paramsJson'?: (string);
  'inputPath'?: (string);
  'quorum'?: (number);
  'wallMsMax'?: (number);
  'memoryBytesMax'?: (number | string | Long);
  'resultBytesMax'?: (number);
  'chunksMax'?: (number | string | Long);
  'stderrBytesMax'?: (number);
  'runtime'?: (string);
  'script'?: (string);
  'setup'?: (_manyhands_control_v1_Setup | null);
  'pieces'?: (_manyhands_control_v1_Pieces | null);
  'credibility'?: (_manyhands_control_v1_Credibility | null);
}

export interface SubmitRequest__Output {
  'name': (string);
  'program': (string);
  'paramsJson': (string);
  'inputPath': (string);
  'quorum': (number);
  'wallMsMax': (number);
  'memoryBytesMax': (number);
  'resultBytesMax': (number);
  'chunksMax': (number);
  'stderrBytesMax': (number);
  'runtime': (string);
  'script': (string);
  'setup': (_manyhands_control_v1_Setup__Output | null);
  'pieces': (_manyhands_control_v1_Pieces__Output | null);
  'credibility': (_manyhands_control_v1_Credibility__Output | null);
}
