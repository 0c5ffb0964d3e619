// Original file: proto/manyhands/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface Contribution {
  'peerId'?: (string);
  'self'?: (boolean);
  'leased'?: (number | string | Long);
  'returned'?: (number | string | Long);
  'accepted'?: (number | string | Long);
  'lost'?: (number | string | Long);
  'late'?: (number | string | Long);
  'failed'?: (number | string | Long);
  'expired'?: (number | string | Long);
  'computeSeconds'?: (number | string);
  'passed'?: (number | string);
  '_passed'?: "passed";
}

export interface Contribution__Output {
  'peerId': (string);
  'self': (boolean);
  'leased': (number);
  'returned': (number);
  'accepted': (number);
  'lost': (number);
  'late': (number);
  'failed': (number);
  'expired': (number);
  'computeSeconds': (number);
  'passed'?: (number);
  '_passed'?: "passed";
}
