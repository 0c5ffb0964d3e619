// Original file: proto/manyhands/v1/overlay.proto

import type { OfferName as _manyhands_v1_OfferName, OfferName__Output as _manyhands_v1_OfferName__Output } from '../../manyhands/v1/OfferName.ts';

export interface Graft {
  'offers'?: (_manyhands_v1_OfferName)[];
}

export interface Graft__Output {
  'offers': (_manyhands_v1_OfferName__Output)[];
}
