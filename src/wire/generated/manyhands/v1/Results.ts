// Original file: proto/manyhands/v1/work.proto


export interface Results {
  'statement'?: (Buffer | Uint8Array | string);
  'signature'?: (Buffer | Uint8Array | string);
  'values'?: (Buffer | Uint8Array | string)[];
}

export interface Results__Output {
  'statement': (Buffer);
  'signature': (Buffer);
  'values': (Buffer)[];
}
