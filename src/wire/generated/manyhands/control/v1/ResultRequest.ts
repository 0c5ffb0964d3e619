// Original file: proto/manyhands/control/v1/control.proto


export interface ResultRequest {
  'jobId'?: (string);
}

export interface ResultRequest__Output {
  'jobId': (string);
}
