// Original file: proto/manyhands/control/v1/control.proto

import type { Receipt as _manyhands_control_v1_Receipt, Receipt__Output as _manyhands_control_v1_Receipt__Output } from '../../../manyhands/control/v1/Receipt.ts';

export interface ListReceiptsResponse {
  'receipts'?: (_manyhands_control_v1_Receipt)[];
}

export interface ListReceiptsResponse__Output {
  'receipts': (_manyhands_control_v1_Receipt__Output)[];
}
