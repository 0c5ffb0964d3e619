// Original file: proto/manyhands/control/v1/control.proto

import type { Job as _manyhands_control_v1_Job, Job__Output as _manyhands_control_v1_Job__Output } from '../../../manyhands/control/v1/Job.ts';

export interface WatchResponse {
  'job'?: (_manyhands_control_v1_Job | null);
}

export interface WatchResponse__Output {
  'job': (_manyhands_control_v1_Job__Output | null);
}
