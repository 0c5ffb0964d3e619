// Original file: proto/manyhands/v1/overlay.proto

import type { OfferName as _manyhands_v1_OfferName, OfferName__Output as _manyhands_v1_OfferName__Output } from '../../manyhands/v1/OfferName.ts';

export interface Announcement {
  'name'?: (_manyhands_v1_OfferName | null);
  'hops'?: (number);
}

export interface Announcement__Output {
  'name': (_manyhands_v1_OfferName__Output | null);
  'hops': (number);
}
