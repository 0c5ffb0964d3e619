// Original file: proto/manyhands/v1/overlay.proto

import type { OverlayFrame as _manyhands_v1_OverlayFrame, OverlayFrame__Output as _manyhands_v1_OverlayFrame__Output } from '../../manyhands/v1/OverlayFrame.ts';

export interface ExchangeRequest {
  'frame'?: (_manyhands_v1_OverlayFrame | null);
}

export interface ExchangeRequest__Output {
  'frame': (_manyhands_v1_OverlayFrame__Output | null);
}
