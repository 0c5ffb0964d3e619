// Original file: proto/manyhands/v1/audit.proto


export interface AuditBlob {
  'digest'?: (Buffer | Uint8Array | string);
  'piece'?: (Buffer | Uint8Array | string);
  'last'?: (boolean);
}

export interface AuditBlob__Output {
  'digest': (Buffer);
  'piece': (Buffer);
  'last': (boolean);
}
