// Original file: proto/manyhands/control/v1/control.proto


export interface ExportAuditResponse {
  'piece'?: (Buffer | Uint8Array | string);
}

export interface ExportAuditResponse__Output {
  'piece': (Buffer);
}
