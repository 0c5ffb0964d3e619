// Original file: proto/manyhands/control/v1/control.proto


export interface Peer {
  'peerId'?: (string);
  'addresses'?: (string)[];
  'neighbour'?: (boolean);
  'volunteer'?: (boolean);
  'requester'?: (boolean);
  'features'?: (string)[];
  'refused'?: (string);
}

export interface Peer__Output {
  'peerId': (string);
  'addresses': (string)[];
  'neighbour': (boolean);
  'volunteer': (boolean);
  'requester': (boolean);
  'features': (string)[];
  'refused': (string);
}
