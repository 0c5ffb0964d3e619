// Original file: proto/manyhands/v1/work.proto


export interface JobEnded {
  'jobId'?: (Buffer | Uint8Array | string);
}

export interface JobEnded__Output {
  'jobId': (Buffer);
}
