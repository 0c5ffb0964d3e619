// Original file: proto/manyhands/v1/work.proto

import type { Hello as _manyhands_v1_Hello, Hello__Output as _manyhands_v1_Hello__Output } from '../../manyhands/v1/Hello.ts';
import type { Ask as _manyhands_v1_Ask, Ask__Output as _manyhands_v1_Ask__Output } from '../../manyhands/v1/Ask.ts';
import type { Results as _manyhands_v1_Results, Results__Output as _manyhands_v1_Results__Output } from '../../manyhands/v1/Results.ts';

export interface ComputeRequest {
  'hello'?: (_manyhands_v1_Hello | null);
  'ask'?: (_manyhands_v1_Ask | null);
  'results'?: (_manyhands_v1_Results | null);
  'message'?: "hello"|"ask"|"results";
}

export interface ComputeRequest__Output {
  'hello'?: (_manyhands_v1_Hello__Output | null);
  'ask'?: (_manyhands_v1_Ask__Output | null);
  'results'?: (_manyhands_v1_Results__Output | null);
  'message'?: "hello"|"ask"|"results";
}
