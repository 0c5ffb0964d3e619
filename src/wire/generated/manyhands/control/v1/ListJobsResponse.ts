// Original file: proto/manyhands/control/v1/control.proto

import type { Job as _manyhands_control_v1_Job, Job__Output as _manyhands_control_v1_Job__Output } from '../../../manyhands/control/v1/Job.ts';

export interface ListJobsResponse {
  'jobs'?: (_manyhands_control_v1_Job)[];
}

export interface ListJobsResponse__Output {
  'jobs': (_manyhands_control_v1_Job__Output)[];
}
