// Original file: proto/manyhands/control/v1/control.proto


export interface CancelRequest {
  'jobId'?: (string);
}

export interface CancelRequest__Output {
  'jobId': (string);
}
