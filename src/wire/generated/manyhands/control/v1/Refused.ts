// Original file: proto/manyhands/control/v1/control.proto


export interface Refused {
  'peerId'?: (string);
  'why'?: (string);
}

export interface Refused__Output {
  'peerId': (string);
  'why': (string);
}
