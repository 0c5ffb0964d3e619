// Original file: proto/manyhands/control/v1/control.proto


export interface Credibility {
  'errorRate'?: (number | string);
  'assumeFaulty'?: (number | string);
  'identitiesScarce'?: (boolean);
}

export interface Credibility__Output {
  'errorRate': (number);
  'assumeFaulty': (number);
  'identitiesScarce': (boolean);
}
