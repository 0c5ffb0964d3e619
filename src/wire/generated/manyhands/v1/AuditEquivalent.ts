// Original file: proto/manyhands/v1/audit.proto


export interface AuditEquivalent {
  'chunk'?: (number);
  'digest'?: (Buffer | Uint8Array | string);
  'of'?: (Buffer | Uint8Array | string);
}

export interface AuditEquivalent__Output {
  'chunk': (number);
  'digest': (Buffer);
  'of': (Buffer);
}
