// Original file: proto/manyhands/control/v1/control.proto


export interface Declined {
  'name'?: (string);
  'reason'?: (string);
}

export interface Declined__Output {
  'name': (string);
  'reason': (string);
}
