// Original file: proto/manyhands/v1/types.proto

import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';
import type { Runtime as _manyhands_v1_Runtime, Runtime__Output as _manyhands_v1_Runtime__Output } from '../../manyhands/v1/Runtime.ts';
import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from '../../manyhands/v1/BlobRef.ts';
import type { ChunkLimits as _manyhands_v1_ChunkLimits, ChunkLimits__Output as _manyhands_v1_ChunkLimits__Output } from '../../manyhands/v1/ChunkLimits.ts';
import type { Long } from '@grpc/proto-loader';

export interface Evidence {
  'addresses'?: (string)[];
  'statement'?: (_manyhands_v1_Signed | null);
  'chunk'?: (number);
  'runtime'?: (_manyhands_v1_Runtime);
  'programDigest'?: (Buffer | Uint8Array | string);
  'programBytes'?: (number | string | Long);
  'setup'?: (_manyhands_v1_BlobRef | null);
  'limits'?: (_manyhands_v1_ChunkLimits | null);
  'inputValue'?: (Buffer | Uint8Array | string);
  'inputBlob'?: (_manyhands_v1_BlobRef | null);
  'acceptedDigest'?: (Buffer | Uint8Array | string);
  'witnesses'?: (_manyhands_v1_Signed)[];
  'issuedAtMs'?: (number | string | Long);
  'input'?: "inputValue"|"inputBlob";
}

export interface Evidence__Output {
  'addresses': (string)[];
  'statement': (_manyhands_v1_Signed__Output | null);
  'chunk': (number);
  'runtime': (_manyhands_v1_Runtime__Output);
  'programDigest': (Buffer);
  'programBytes': (number);
  'setup': (_manyhands_v1_BlobRef__Output | null);
  'limits': (_manyhands_v1_ChunkLimits__Output | null);
  'inputValue'?: (Buffer);
  'inputBlob'?: (_manyhands_v1_BlobRef__Output | null);
  'acceptedDigest': (Buffer);
  'witnesses': (_manyhands_v1_Signed__Output)[];
  'issuedAtMs': (number);
  'input'?: "inputValue"|"inputBlob";
}
