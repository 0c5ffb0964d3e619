// Original file: proto/manyhands/v1/types.proto


export interface Signed {
  'payload'?: (Buffer | Uint8Array | string);
  'publicKey'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
}

export interface Signed__Output {
  'payload': (Buffer);
  'publicKey': (Buffer);
  'signature': (Buffer);
}
