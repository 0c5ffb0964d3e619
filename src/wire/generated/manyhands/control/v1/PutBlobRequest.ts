// Original file: proto/manyhands/control/v1/control.proto


export interface PutBlobRequest {
  'piece'?: (Buffer | Uint8Array | string);
}

export interface PutBlobRequest__Output {
  'piece': (Buffer);
}
