// Original file: proto/manyhands/control/v1/control.proto


export interface Files {
  'paths'?: (string)[];
}

export interface Files__Output {
  'paths': (string)[];
}
