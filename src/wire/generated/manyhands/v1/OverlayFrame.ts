// Original file: proto/manyhands/v1/overlay.proto

import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from '../../manyhands/v1/Hello.ts';
import type { Join as _manyhands_v1_Join, Join__Output as _manyhands_v1_Join__Output } from '../../manyhands/v1/Join.ts';
import type { Neighbour as _manyhands_v1_Neighbour, Neighbour__Output as _manyhands_v1_Neighbour__Output } from '../../manyhands/v1/Neighbour.ts';
import type { Accept as _manyhands_v1_Accept, Accept__Output as _manyhands_v1_Accept__Output } from '../../manyhands/v1/Accept.ts';
import type { Refuse as _manyhands_v1_Refuse, Refuse__Output as _manyhands_v1_Refuse__Output } from '../../manyhands/v1/Refuse.ts';
import type { ForwardJoin as _manyhands_v1_ForwardJoin, ForwardJoin__Output as _manyhands_v1_ForwardJoin__Output } from '../../manyhands/v1/ForwardJoin.ts';
import type { Disconnect as _manyhands_v1_Disconnect, Disconnect__Output as _manyhands_v1_Disconnect__Output } from '../../manyhands/v1/Disconnect.ts';
import type { Shuffle as _manyhands_v1_Shuffle, Shuffle__Output as _manyhands_v1_Shuffle__Output } from '../../manyhands/v1/Shuffle.ts';
import type { ShuffleReply as _manyhands_v1_ShuffleReply, ShuffleReply__Output as _manyhands_v1_ShuffleReply__Output } from '../../manyhands/v1/ShuffleReply.ts';
import type { Gossip as _manyhands_v1_Gossip, Gossip__Output as _manyhands_v1_Gossip__Output } from '../../manyhands/v1/Gossip.ts';
import type { Have as _manyhands_v1_Have, Have__Output as _manyhands_v1_Have__Output } from '../../manyhands/v1/Have.ts';
import type { Graft as _manyhands_v1_Graft, Graft__Output as _manyhands_v1_Graft__Output } from '../../manyhands/v1/Graft.ts';
import type { Want as _manyhands_v1_Want, Want__Output as _manyhands_v1_Want__Output } from '../../manyhands/v1/Want.ts';
import type { Prune as _manyhands_v1_Prune, Prune__Output as _manyhands_v1_Prune__Output } from '../../manyhands/v1/Prune.ts';
import type { Ping as _manyhands_v1_Ping, Ping__Output as _manyhands_v1_Ping__Output } from '../../manyhands/v1/Ping.ts';
import type { Pong as _manyhands_v1_Pong, Pong__Output as _manyhands_v1_Pong__Output } from '../../manyhands/v1/Pong.ts';
import type { Probe as _manyhands_v1_Probe, Probe__Output as _manyhands_v1_Probe__Output } from '../../manyhands/v1/Probe.ts';
import type { ProbeResult as _manyhands_v1_ProbeResult, ProbeResult__Output as _manyhands_v1_ProbeResult__Output } from '../../manyhands/v1/ProbeResult.ts';
import type { Visit as _manyhands_v1_Visit, Visit__Output as _manyhands_v1_Visit__Output } from '../../manyhands/v1/Visit.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';

export interface OverlayFrame {
  'hello'?: (_manyhands_v1_Hello | null);
  'join'?: (_manyhands_v1_Join | null);
  'neighbour'?: (_manyhands_v1_Neighbour | null);
  'accept'?: (_manyhands_v1_Accept | null);
  'refuse'?: (_manyhands_v1_Refuse | null);
  'forwardJoin'?: (_manyhands_v1_ForwardJoin | null);
  'disconnect'?: (_manyhands_v1_Disconnect | null);
  'shuffle'?: (_manyhands_v1_Shuffle | null);
  'shuffleReply'?: (_manyhands_v1_ShuffleReply | null);
  'gossip'?: (_manyhands_v1_Gossip | null);
  'have'?: (_manyhands_v1_Have | null);
  'graft'?: (_manyhands_v1_Graft | null);
  'want'?: (_manyhands_v1_Want | null);
  'prune'?: (_manyhands_v1_Prune | null);
  'ping'?: (_manyhands_v1_Ping | null);
  'pong'?: (_manyhands_v1_Pong | null);
  'probe'?: (_manyhands_v1_Probe | null);
  'probeResult'?: (_manyhands_v1_ProbeResult | null);
  'visit'?: (_manyhands_v1_Visit | null);
  'evidence'?: (_manyhands_v1_Signed | null);
  'message'?: "hello"|"join"|"neighbour"|"accept"|"refuse"|"forwardJoin"|"disconnect"|"shuffle"|"shuffleReply"|"gossip"|"have"|"graft"|"want"|"prune"|"ping"|"pong"|"probe"|"probeResult"|"visit"|"evidence";
}

export interface OverlayFrame__Output {
  'hello'?: (_manyhands_v1_Hello__Output | null);
  'join'?: (_manyhands_v1_Join__Output | null);
  'neighbour'?: (_manyhands_v1_Neighbour__Output | null);
  'accept'?: (_manyhands_v1_Accept__Output | null);
  'refuse'?: (_manyhands_v1_Refuse__Output | null);
  'forwardJoin'?: (_manyhands_v1_ForwardJoin__Output | null);
  'disconnect'?: (_manyhands_v1_Disconnect__Output | null);
  'shuffle'?: (_manyhands_v1_Shuffle__Output | null);
  'shuffleReply'?: (_manyhands_v1_ShuffleReply__Output | null);
  'gossip'?: (_manyhands_v1_Gossip__Output | null);
  'have'?: (_manyhands_v1_Have__Output | null);
  'graft'?: (_manyhands_v1_Graft__Output | null);
  'want'?: (_manyhands_v1_Want__Output | null);
  'prune'?: (_manyhands_v1_Prune__Output | null);
  'ping'?: (_manyhands_v1_Ping__Output | null);
  'pong'?: (_manyhands_v1_Pong__Output | null);
  'probe'?: (_manyhands_v1_Probe__Output | null);
  'probeResult'?: (_manyhands_v1_ProbeResult__Output | null);
  'visit'?: (_manyhands_v1_Visit__Output | null);
  'evidence'?: (_manyhands_v1_Signed__Output | null);
  'message'?: "hello"|"join"|"neighbour"|"accept"|"refuse"|"forwardJoin"|"disconnect"|"shuffle"|"shuffleReply"|"gossip"|"have"|"graft"|"want"|"prune"|"ping"|"pong"|"probe"|"probeResult"|"visit"|"evidence";
}
