// Original file: proto/manyhands/v1/audit.proto


export interface AuditDigests {
  'digests'?: (Buffer | Uint8Array | string);
}

export interface AuditDigests__Output {
  'digests': (Buffer);
}
