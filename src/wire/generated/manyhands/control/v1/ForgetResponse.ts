// Original file: proto/manyhands/control/v1/control.proto


export interface ForgetResponse {
  'jobId'?: (string);
}

export interface ForgetResponse__Output {
  'jobId': (string);
}
