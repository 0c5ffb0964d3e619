// Original file: proto/manyhands/control/v1/control.proto


export interface ForgetRequest {
  'jobId'?: (string);
}

export interface ForgetRequest__Output {
  'jobId': (string);
}
