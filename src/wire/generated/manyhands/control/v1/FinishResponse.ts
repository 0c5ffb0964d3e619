// Original file: proto/manyhands/control/v1/control.proto


export interface FinishResponse {
  'leasesHeld'?: (number);
  'jobsRunning'?: (number);
}

export interface FinishResponse__Output {
  'leasesHeld': (number);
  'jobsRunning': (number);
}
