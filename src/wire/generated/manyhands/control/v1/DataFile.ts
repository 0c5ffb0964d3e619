// Original file: proto/manyhands/control/v1/control.proto


export interface DataFile {
  'path'?: (string);
  'digest'?: (string);
}

export interface DataFile__Output {
  'path': (string);
  'digest': (string);
}
