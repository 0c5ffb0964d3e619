// Original file: proto/manyhands/control/v1/control.proto


export interface CancelResponse {
  'jobId'?: (string);
}

export interface CancelResponse__Output {
  'jobId': (string);
}
