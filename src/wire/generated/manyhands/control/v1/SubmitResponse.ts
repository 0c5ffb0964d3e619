// Original file: proto/manyhands/control/v1/control.proto


export interface SubmitResponse {
  'jobId'?: (string);
}

export interface SubmitResponse__Output {
  'jobId': (string);
}
