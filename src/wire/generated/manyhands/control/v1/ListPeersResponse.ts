// Original file: proto/manyhands/control/v1/control.proto

import type { Peer as _manyhands_control_v1_Peer, Peer__Output as _manyhands_control_v1_Peer__Output } from '../../../manyhands/control/v1/Peer.ts';

export interface ListPeersResponse {
  'peers'?: (_manyhands_control_v1_Peer)[];
}

export interface ListPeersResponse__Output {
  'peers': (_manyhands_control_v1_Peer__Output)[];
}
