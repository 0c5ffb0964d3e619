// Original file: proto/manyhands/v1/overlay.proto

import type { PeerRecord as _manyhands_v1_PeerRecord, PeerRecord__Output as _manyhands_v1_PeerRecord__Output } from '../../manyhands/v1/PeerRecord.ts';

export interface Peers {
  'peers'?: (_manyhands_v1_PeerRecord)[];
}

export interface Peers__Output {
  'peers': (_manyhands_v1_PeerRecord__Output)[];
}
