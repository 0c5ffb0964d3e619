// Original file: proto/manyhands/control/v1/control.proto


export interface ExportBackupResponse {
  'piece'?: (Buffer | Uint8Array | string);
}

export interface ExportBackupResponse__Output {
  'piece': (Buffer);
}
