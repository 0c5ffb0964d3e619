// Original file: proto/manyhands/v1/types.proto

import type { BlobRef as _manyhands_v1_BlobRef, BlobRef__Output as _manyhands_v1_BlobRef__Output } from '../../manyhands/v1/BlobRef.ts';

export interface DataFile {
  'path'?: (string);
  'blob'?: (_manyhands_v1_BlobRef | null);
}

export interface DataFile__Output {
  'path': (string);
  'blob': (_manyhands_v1_BlobRef__Output | null);
}
