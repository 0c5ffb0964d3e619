// Original file: proto/manyhands/control/v1/control.proto


export interface WatchRequest {
  'jobId'?: (string);
}

export interface WatchRequest__Output {
  'jobId': (string);
}
