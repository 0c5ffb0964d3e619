// Original file: proto/manyhands/control/v1/control.proto


export interface Caught {
  'peerId'?: (string);
  'chunk'?: (number);
  'digest'?: (string);
  'expected'?: (string);
}

export interface Caught__Output {
  'peerId': (string);
  'chunk': (number);
  'digest': (string);
  'expected': (string);
}
