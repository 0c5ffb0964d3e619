// Original file: proto/manyhands/v1/work.proto

import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from '../../manyhands/v1/Hello.ts';
import type { Leases as _manyhands_v1_Leases, Leases__Output as _manyhands_v1_Leases__Output } from '../../manyhands/v1/Leases.ts';
import type { Acknowledge as _manyhands_v1_Acknowledge, Acknowledge__Output as _manyhands_v1_Acknowledge__Output } from '../../manyhands/v1/Acknowledge.ts';
import type { Revoke as _manyhands_v1_Revoke, Revoke__Output as _manyhands_v1_Revoke__Output } from '../../manyhands/v1/Revoke.ts';
import type { JobEnded as _manyhands_v1_JobEnded, JobEnded__Output as _manyhands_v1_JobEnded__Output } from '../../manyhands/v1/JobEnded.ts';
import type { Ping as _manyhands_v1_Ping, Ping__Output as _manyhands_v1_Ping__Output } from '../../manyhands/v1/Ping.ts';
import type { Pong as _manyhands_v1_Pong, Pong__Output as _manyhands_v1_Pong__Output } from '../../manyhands/v1/Pong.ts';
import type { Signed as _manyhands_v1_Signed, Signed__Output as _manyhands_v1_Signed__Output } from '../../manyhands/v1/Signed.ts';

export interface ComputeResponse {
  'hello'?: (_manyhands_v1_Hello | null);
  'leases'?: (_manyhands_v1_Leases | null);
  'acknowledge'?: (_manyhands_v1_Acknowledge | null);
  'revoke'?: (_manyhands_v1_Revoke | null);
  'jobEnded'?: (_manyhands_v1_JobEnded | null);
  'ping'?: (_manyhands_v1_Ping | null);
  'pong'?: (_manyhands_v1_Pong | null);
  'receipt'?: (_manyhands_v1_Signed | null);
  'message'?: "hello"|"leases"|"acknowledge"|"revoke"|"jobEnded"|"ping"|"pong"|"receipt";
}

export interface ComputeResponse__Output {
  'hello'?: (_manyhands_v1_Hello__Output | null);
  'leases'?: (_manyhands_v1_Leases__Output | null);
  'acknowledge'?: (_manyhands_v1_Acknowledge__Output | null);
  'revoke'?: (_manyhands_v1_Revoke__Output | null);
  'jobEnded'?: (_manyhands_v1_JobEnded__Output | null);
  'ping'?: (_manyhands_v1_Ping__Output | null);
  'pong'?: (_manyhands_v1_Pong__Output | null);
  'receipt'?: (_manyhands_v1_Signed__Output | null);
  'message'?: "hello"|"leases"|"acknowledge"|"revoke"|"jobEnded"|"ping"|"pong"|"receipt";
}
