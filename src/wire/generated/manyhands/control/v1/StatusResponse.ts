// Original file: proto/manyhands/control/v1/control.proto

import type { Declined as _manyhands_control_v1_Declined, Declined__Output as _manyhands_control_v1_Declined__Output } from '../../../manyhands/control/v1/Declined.ts';
import type { Refused as _manyhands_control_v1_Refused, Refused__Output as _manyhands_control_v1_Refused__Output } from '../../../manyhands/control/v1/Refused.ts';
import type { Undelivered as _manyhands_control_v1_Undelivered, Undelivered__Output as _manyhands_control_v1_Undelivered__Output } from '../../../manyhands/control/v1/Undelivered.ts';
import type { Long } from '@grpc/proto-loader';

export interface StatusResponse {
  'peerId'?: (string);
  'version'?: (string);
  'pid'?: (number);
  'grid'?: (string);
  'addresses'?: (string)[];
  'dataPath'?: (string);
  'state'?: (string);
  'reason'?: (string);
  'pausedUntilMs'?: (number | string | Long);
  'slots'?: (number);
  'slotsBusy'?: (number);
  'leasesHeld'?: (number);
  'neighbours'?: (number);
  'knownPeers'?: (number);
  'offers'?: (number);
  'replicasReturned'?: (number | string | Long);
  'computeSeconds'?: (number | string);
  'uptimeMs'?: (number | string | Long);
  'metricsAddress'?: (string);
  'wallMsMax'?: (number);
  'memoryBytesMax'?: (number | string | Long);
  'declined'?: (_manyhands_control_v1_Declined)[];
  'sandboxRestarts'?: (number);
  'sandboxTrouble'?: (string);
  'peersDead'?: (number | string | Long);
  'peersUnreachable'?: (number | string | Long);
  'peersMisbehaved'?: (number | string | Long);
  'refused'?: (_manyhands_control_v1_Refused)[];
  'diskBytes'?: (number | string | Long);
  'diskBytesMax'?: (number | string | Long);
  'undelivered'?: (_manyhands_control_v1_Undelivered)[];
  'diskTrouble'?: (string);
  '_pausedUntilMs'?: "pausedUntilMs";
}

export interface StatusResponse__Output {
  'peerId': (string);
  'version': (string);
  'pid': (number);
  'grid': (string);
  'addresses': (string)[];
  'dataPath': (string);
  'state': (string);
  'reason': (string);
  'pausedUntilMs'?: (number);
  'slots': (number);
  'slotsBusy': (number);
  'leasesHeld': (number);
  'neighbours': (number);
  'knownPeers': (number);
  'offers': (number);
  'replicasReturned': (number);
  'computeSeconds': (number);
  'uptimeMs': (number);
  'metricsAddress': (string);
  'wallMsMax': (number);
  'memoryBytesMax': (number);
  'declined': (_manyhands_control_v1_Declined__Output)[];
  'sandboxRestarts': (number);
  'sandboxTrouble': (string);
  'peersDead': (number);
  'peersUnreachable': (number);
  'peersMisbehaved': (number);
  'refused': (_manyhands_control_v1_Refused__Output)[];
  'diskBytes': (number);
  'diskBytesMax': (number);
  'undelivered': (_manyhands_control_v1_Undelivered__Output)[];
  'diskTrouble': (string);
  '_pausedUntilMs'?: "pausedUntilMs";
}
