/** A result that its requester has not acknowledged, with all that it takes to deliver it. */

import type { JobId, PeerId } from './ids.ts';
import type { Outcome, ReplicaResult } from './replica.ts';

/** Where results go. */
export type Destination = {
  readonly requester: PeerId;
  /** Where the requester was last reached. */
  readonly addresses: readonly string[];
  readonly job: JobId;
};

/** What was computed: leases that come back as they were are told of, and not kept. */
export type ComputedReplica = ReplicaResult & {
  readonly outcome: Exclude<Outcome, { type: 'returned' }>;
};

export type Unsent = Destination & { readonly replica: ComputedReplica };

/** Of its value, or of what is told of its failure. */
export function bytesOfReplica({ outcome }: ComputedReplica): number {
  return outcome.type === 'result' ? outcome.value.length : outcome.failure.detail.length;
}
