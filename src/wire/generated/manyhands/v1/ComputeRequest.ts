// Original file: proto/manyhands/v1/work.proto

import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from '../../manyhands/v1/Hello.ts';
import type { Ask as _manyhands_v1_Ask, Ask__Output as _manyhands_v1_Ask__Output } from '../../manyhands/v1/Ask.ts';
import type { Results as _manyhands_v1_Results, Results__Output as _manyhands_v1_Results__Output } from '../../manyhands/v1/Results.ts';
import type { Ping as _manyhands_v1_Ping, Ping__Output as _manyhands_v1_Ping__Output } from '../../manyhands/v1/Ping.ts';
import type { Pong as _manyhands_v1_Pong, Pong__Output as _manyhands_v1_Pong__Output } from '../../manyhands/v1/Pong.ts';
import type { Hold as _manyhands_v1_Hold, Hold__Output as _manyhands_v1_Hold__Output } from '../../manyhands/v1/Hold.ts';

export interface ComputeRequest {
  'hello'?: (_manyhands_v1_Hello | null);
  'ask'?: (_manyhands_v1_Ask | null);
  'results'?: (_manyhands_v1_Results | null);
  'ping'?: (_manyhands_v1_Ping | null);
  'pong'?: (_manyhands_v1_Pong | null);
  'hold'?: (_manyhands_v1_Hold | null);
  'message'?: "hello"|"ask"|"results"|"ping"|"pong"|"hold";
}

export interface ComputeRequest__Output {
  'hello'?: (_manyhands_v1_Hello__Output | null);
  'ask'?: (_manyhands_v1_Ask__Output | null);
  'results'?: (_manyhands_v1_Results__Output | null);
  'ping'?: (_manyhands_v1_Ping__Output | null);
  'pong'?: (_manyhands_v1_Pong__Output | null);
  'hold'?: (_manyhands_v1_Hold__Output | null);
  'message'?: "hello"|"ask"|"results"|"ping"|"pong"|"hold";
}
