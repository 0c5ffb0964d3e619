// Original file: proto/manyhands/v1/overlay.proto

import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from '../../manyhands/v1/Hello.ts';
import type { Peers as _manyhands_v1_Peers, Peers__Output as _manyhands_v1_Peers__Output } from '../../manyhands/v1/Peers.ts';
import type { Gossip as _manyhands_v1_Gossip, Gossip__Output as _manyhands_v1_Gossip__Output } from '../../manyhands/v1/Gossip.ts';
import type { Refuse as _manyhands_v1_Refuse, Refuse__Output as _manyhands_v1_Refuse__Output } from '../../manyhands/v1/Refuse.ts';

export interface OverlayFrame {
  'hello'?: (_manyhands_v1_Hello | null);
  'peers'?: (_manyhands_v1_Peers | null);
  'gossip'?: (_manyhands_v1_Gossip | null);
  'refuse'?: (_manyhands_v1_Refuse | null);
  'message'?: "hello"|"peers"|"gossip"|"refuse";
}

export interface OverlayFrame__Output {
  'hello'?: (_manyhands_v1_Hello__Output | null);
  'peers'?: (_manyhands_v1_Peers__Output | null);
  'gossip'?: (_manyhands_v1_Gossip__Output | null);
  'refuse'?: (_manyhands_v1_Refuse__Output | null);
  'message'?: "hello"|"peers"|"gossip"|"refuse";
}
