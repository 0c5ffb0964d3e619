// Original file: proto/manyhands/control/v1/control.proto


export interface Undelivered {
  'peerId'?: (string);
  'results'?: (number);
}

export interface Undelivered__Output {
  'peerId': (string);
  'results': (number);
}
