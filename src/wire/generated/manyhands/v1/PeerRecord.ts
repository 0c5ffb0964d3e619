// Original file: proto/manyhands/v1/types.proto


export interface PeerRecord {
  'peerId'?: (string);
  'addresses'?: (string)[];
}

export interface PeerRecord__Output {
  'peerId': (string);
  'addresses': (string)[];
}
