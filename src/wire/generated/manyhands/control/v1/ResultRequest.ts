// Original file: proto/manyhands/control/v1/control.proto


export interface ResultRequest {
  'jobId'?: (string);
  'parts'?: (boolean);
}

export interface ResultRequest__Output {
  'jobId': (string);
  'parts': (boolean);
}
