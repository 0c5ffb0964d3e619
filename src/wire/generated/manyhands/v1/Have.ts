// Original file: proto/manyhands/v1/overlay.proto

import type { Announcement as _manyhands_v1_Announcement, Announcement__Output as _manyhands_v1_Announcement__Output } from '../../manyhands/v1/Announcement.ts';

export interface Have {
  'offers'?: (_manyhands_v1_Announcement)[];
}

export interface Have__Output {
  'offers': (_manyhands_v1_Announcement__Output)[];
}
