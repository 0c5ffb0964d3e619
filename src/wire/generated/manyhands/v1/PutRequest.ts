// Original file: proto/manyhands/v1/work.proto

import type { PutBegin as _manyhands_v1_PutBegin, PutBegin__Output as _manyhands_v1_PutBegin__Output } from '../../manyhands/v1/PutBegin.ts';

export interface PutRequest {
  'begin'?: (_manyhands_v1_PutBegin | null);
  'piece'?: (Buffer | Uint8Array | string);
  'message'?: "begin"|"piece";
}

export interface PutRequest__Output {
  'begin'?: (_manyhands_v1_PutBegin__Output | null);
  'piece'?: (Buffer);
  'message'?: "begin"|"piece";
}
