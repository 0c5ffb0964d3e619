// Original file: proto/manyhands/control/v1/control.proto


export interface ResultResponse {
  'piece'?: (Buffer | Uint8Array | string);
  'kind'?: (string);
  'part'?: (string);
}

export interface ResultResponse__Output {
  'piece': (Buffer);
  'kind': (string);
  'part': (string);
}
