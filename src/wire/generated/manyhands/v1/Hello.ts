// Original file: proto/manyhands/v1/types.proto


export interface Hello {
  'protocolVersions'?: (number)[];
  'features'?: (string)[];
  'requiredFeatures'?: (string)[];
}

export interface Hello__Output {
  'protocolVersions': (number)[];
  'features': (string)[];
  'requiredFeatures': (string)[];
}
