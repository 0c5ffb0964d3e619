// Original file: proto/manyhands/control/v1/control.proto

import type { Contribution as _manyhands_control_v1_Contribution, Contribution__Output as _manyhands_control_v1_Contribution__Output } from '../../../manyhands/control/v1/Contribution.ts';
import type { Credibility as _manyhands_control_v1_Credibility, Credibility__Output as _manyhands_control_v1_Credibility__Output } from '../../../manyhands/control/v1/Credibility.ts';
import type { Caught as _manyhands_control_v1_Caught, Caught__Output as _manyhands_control_v1_Caught__Output } from '../../../manyhands/control/v1/Caught.ts';
import type { Long } from '@grpc/proto-loader';

export interface Job {
  'jobId'?: (string);
  'name'?: (string);
  'state'?: (string);
  'chunks'?: (number | string | Long);
  'splitEnded'?: (boolean);
  'accepted'?: (number | string | Long);
  'inFlight'?: (number | string | Long);
  'disputed'?: (number | string | Long);
  'peers'?: (number);
  'chunksPerSecond'?: (number | string);
  'remainingMs'?: (number | string | Long);
  'stalled'?: (string);
  'failure'?: (string);
  'disputes'?: (number | string | Long);
  'wallMs'?: (number | string | Long);
  'createdAtMs'?: (number | string | Long);
  'quorum'?: (number);
  'contributions'?: (_manyhands_control_v1_Contribution)[];
  'credibility'?: (_manyhands_control_v1_Credibility | null);
  'caught'?: (_manyhands_control_v1_Caught)[];
  'comparison'?: (string);
  '_remainingMs'?: "remainingMs";
}

export interface Job__Output {
  'jobId': (string);
  'name': (string);
  'state': (string);
  'chunks': (number);
  'splitEnded': (boolean);
  'accepted': (number);
  'inFlight': (number);
  'disputed': (number);
  'peers': (number);
  'chunksPerSecond': (number);
  'remainingMs'?: (number);
  'stalled': (string);
  'failure': (string);
  'disputes': (number);
  'wallMs': (number);
  'createdAtMs': (number);
  'quorum': (number);
  'contributions': (_manyhands_control_v1_Contribution__Output)[];
  'credibility': (_manyhands_control_v1_Credibility__Output | null);
  'caught': (_manyhands_control_v1_Caught__Output)[];
  'comparison': (string);
  '_remainingMs'?: "remainingMs";
}
