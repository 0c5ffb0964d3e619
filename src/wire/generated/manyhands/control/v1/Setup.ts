// Original file: proto/manyhands/control/v1/control.proto

import type { DataFile as _manyhands_control_v1_DataFile, DataFile__Output as _manyhands_control_v1_DataFile__Output } from '../../../manyhands/control/v1/DataFile.ts';

export interface Setup {
  'arguments'?: (string)[];
  'environment'?: (string)[];
  'files'?: (_manyhands_control_v1_DataFile)[];
}

export interface Setup__Output {
  'arguments': (string)[];
  'environment': (string)[];
  'files': (_manyhands_control_v1_DataFile__Output)[];
}
