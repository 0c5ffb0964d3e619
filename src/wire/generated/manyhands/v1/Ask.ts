// Original file: proto/manyhands/v1/work.proto


export interface Ask {
  'jobId'?: (Buffer | Uint8Array | string);
  'count'?: (number);
}

export interface Ask__Output {
  'jobId': (Buffer);
  'count': (number);
}
