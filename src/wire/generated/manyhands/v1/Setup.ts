// Original file: proto/manyhands/v1/types.proto

import type { DataFile as _manyhands_v1_DataFile, DataFile__Output as _manyhands_v1_DataFile__Output } from '../../manyhands/v1/DataFile.ts';

export interface Setup {
  'arguments'?: (string)[];
  'environment'?: (string)[];
  'files'?: (_manyhands_v1_DataFile)[];
}

export interface Setup__Output {
  'arguments': (string)[];
  'environment': (string)[];
  'files': (_manyhands_v1_DataFile__Output)[];
}
