// Original file: proto/manyhands/v1/overlay.proto

import type { OfferName as _manyhands_v1_OfferName, OfferName__Output as _manyhands_v1_OfferName__Output } from '../../manyhands/v1/OfferName.ts';

export interface Want {
  'offers'?: (_manyhands_v1_OfferName)[];
}

export interface Want__Output {
  'offers': (_manyhands_v1_OfferName__Output)[];
}
