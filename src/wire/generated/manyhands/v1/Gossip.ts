// Original file: proto/manyhands/v1/overlay.proto

import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';

export interface Gossip {
  'offer'?: (_manyhands_v1_Signed | null);
  'hops'?: (number);
}

export interface Gossip__Output {
  'offer': (_manyhands_v1_Signed__Output | null);
  'hops': (number);
}
