// Original file: proto/manyhands/control/v1/control.proto

import type { Range as _manyhands_control_v1_Range, Range__Output as _manyhands_control_v1_Range__Output } from '../../../manyhands/control/v1/Range.ts';
import type { Files as _manyhands_control_v1_Files, Files__Output as _manyhands_control_v1_Files__Output } from '../../../manyhands/control/v1/Files.ts';

export interface Pieces {
  'lines'?: (number);
  'bytes'?: (number);
  'range'?: (_manyhands_control_v1_Range | null);
  'files'?: (_manyhands_control_v1_Files | null);
  'kind'?: "lines"|"bytes"|"range"|"files";
}

export interface Pieces__Output {
  'lines'?: (number);
  'bytes'?: (number);
  'range'?: (_manyhands_control_v1_Range__Output | null);
  'files'?: (_manyhands_control_v1_Files__Output | null);
  'kind'?: "lines"|"bytes"|"range"|"files";
}
