// Original file: proto/manyhands/v1/types.proto

import type { Runtime as _manyhands_v1_Runtime, Runtime__Output as _manyhands_v1_Runtime__Output } from '../../manyhands/v1/Runtime.ts';
import type { ChunkLimits as _manyhands_v1_ChunkLimits, ChunkLimits__Output as _manyhands_v1_ChunkLimits__Output } from '../../manyhands/v1/ChunkLimits.ts';
import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from '../../manyhands/v1/BlobRef.ts';
import type { Long } from '@grpc/proto-loader';

export interface Offer {
  'jobId'?: (Buffer | Uint8Array | string);
  'addresses'?: (string)[];
  'name'?: (string);
  'runtime'?: (_manyhands_v1_Runtime);
  'programDigest'?: (Buffer | Uint8Array | string);
  'programBytes'?: (number | string | Long);
  'limits'?: (_manyhands_v1_ChunkLimits | null);
  'sequence'?: (number | string | Long);
  'replicasOpen'?: (number | string | Long);
  'closed'?: (boolean);
  'expiresAtMs'?: (number | string | Long);
  'setup'?: (_manyhands_v1_BlobRef | null);
}

export interface Offer__Output {
  'jobId': (Buffer);
  'addresses': (string)[];
  'name': (string);
  'runtime': (_manyhands_v1_Runtime__Output);
  'programDigest': (Buffer);
  'programBytes': (number);
  'limits': (_manyhands_v1_ChunkLimits__Output | null);
  'sequence': (number);
  'replicasOpen': (number);
  'closed': (boolean);
  'expiresAtMs': (number);
  'setup': (_manyhands_v1_BlobRef__Output | null);
}
