/** Sources of metrics with a different number everywhere, for tests of what is scraped. */

import type { MetricSources } from '../../src/runtime/metrics.ts';

export const metricSources: MetricSources = {
  peers: () => ({ neighbour: 1, known: 2, volunteer: 3, requester: 4 }),
  offers: () => ({
    seen: 10,
    sent: 11,
    announced: 12,
    duplicate: 13,
    refused: 14,
    over_rate: 15,
    asked: 18,
  }),
  treeChanges: () => ({ graft: 16, prune: 17 }),
  failures: () => ({ suspected: 24, dead: 25, unreachable: 26, misbehaved: 27 }),
  leasesActive: () => ({ granted: 20, held: 21 }),
  undelivered: () => 24,
  leases: () => ({ granted: 30, returned: 31, expired: 32, revoked: 33 }),
  chunks: () => ({ waiting: 40, leased: 41, disputed: 42, accepted: 43 }),
  chunksAccepted: () => 50,
  accusations: () => ({
    published: 1,
    received: 5,
    sent: 9,
    proven: 2,
    refuted: 1,
    unknown: 0,
  }),
  evidence: () => ({ check_passed: 7, check_failed: 3, caught: 2, reopened: 4 }),
  replicas: () => ({
    accepted: 60,
    lost: 61,
    late: 62,
    expired: 63,
    failed_timed_out: 64,
    failed_out_of_memory: 65,
    failed_threw: 66,
    failed_result_too_large: 67,
    failed_exited: 68,
    failed_forbidden_import: 69,
    failed_not_deterministic: 70,
  }),
  transport: () => ({
    bytesIn: 70,
    bytesOut: 71,
    framesQueued: 72,
    handshakesRefused: 73,
    framesRejected: 74,
  }),
  sandbox: () => ({ slotsBusy: 3, batchesQueued: 80, restarts: 90, slots: 4 }),
};
