// Original file: proto/manyhands/control/v1/control.proto


export interface ExportAuditRequest {
  'jobId'?: (string);
  'withInputs'?: (boolean);
}

export interface ExportAuditRequest__Output {
  'jobId': (string);
  'withInputs': (boolean);
}
