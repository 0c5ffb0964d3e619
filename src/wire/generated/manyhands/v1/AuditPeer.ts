// Original file: proto/manyhands/v1/audit.proto

import type { Long } from '@grpc/proto-loader';

export interface AuditPeer {
  'peer'?: (string);
  'returned'?: (number | string | Long);
  'accepted'?: (number | string | Long);
  'caught'?: (boolean);
  'passedThousandths'?: (number | string | Long);
}

export interface AuditPeer__Output {
  'peer': (string);
  'returned': (number);
  'accepted': (number);
  'caught': (boolean);
  'passedThousandths': (number);
}
