/** What a volunteer sends back to a requester: results of leases, or the leases as they were. */

import type { JobId, PeerId } from '../../model/ids.ts';
import type { LeasedChunk, Outcome, ReplicaResult } from '../../model/replica.ts';
import type { Effect } from '../events.ts';

export function resultsTo(to: PeerId, job: JobId, replicas: readonly ReplicaResult[]): Effect {
  return { type: 'send-to-requester', to, message: { type: 'results', frame: { job, replicas } } };
}

type Done = Pick<ReplicaResult, 'outcome' | 'computeMs' | 'work'>;

/** What came of a run, and how much of it was computed. */
export function ranReplicas(
  chunks: readonly LeasedChunk[],
  outcomes: readonly Done[],
): {
  readonly replicas: readonly ReplicaResult[];
  readonly computed: number;
  readonly computedMs: number;
  readonly resultBytes: number;
} {
  const replicas = chunks.map(({ lease, chunk }, index): ReplicaResult => {
    const done = outcomes[index] ?? { outcome: { type: 'returned' }, computeMs: 0 };
    return { lease, chunk, ...done };
  });
  const computed = replicas.filter(({ outcome }) => outcome.type !== 'returned');
  const computedMs = computed.reduce((sum, { computeMs }) => sum + computeMs, 0);
  const resultBytes = computed.reduce((sum, { outcome }) => sum + bytesOf(outcome), 0);
  return { replicas, computed: computed.length, computedMs, resultBytes };
}

function bytesOf(outcome: Outcome): number {
  return outcome.type === 'result' ? outcome.value.byteLength : 0;
}

/** Gives leases back uncomputed, so that nobody waits for them to expire. */
export function returnTo(to: PeerId, job: JobId, chunks: readonly LeasedChunk[]): Effect {
  const outcome: Outcome = { type: 'returned' };
  const replicas = chunks.map(({ lease, chunk }) => ({ lease, chunk, outcome, computeMs: 0 }));
  return resultsTo(to, job, replicas);
}
