// Original file: proto/manyhands/control/v1/control.proto


export interface ExportBackupRequest {
}

export interface ExportBackupRequest__Output {
}
