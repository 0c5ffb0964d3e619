/** Where the metrics' numbers come from: the machine's own counts, asked for at each scrape. */

import type { Sandbox, Transport } from '../ports.ts';
import type { Peer } from '../protocol/peer.ts';
import type { MetricSources } from './metrics.ts';

export type MetricComponents = {
  readonly peer: Peer;
  readonly transport: Transport;
  readonly sandbox: Sandbox;
};

export function metricSources({ peer, transport, sandbox }: MetricComponents): MetricSources {
  return {
    peers: () => {
      const { neighbours, known, volunteers, requesters } = peer.status();
      return {
        neighbour: neighbours.size,
        known: known.size,
        volunteer: volunteers.size,
        requester: requesters.length,
      };
    },
    offers: () => {
      const { offers } = peer.status();
      const { seen, sent, announced, asked, duplicate, refused, overRate } = offers;
      return { seen, sent, announced, asked, duplicate, refused, over_rate: overRate };
    },
    treeChanges: () => {
      const { grafts, prunes } = peer.status().offers;
      return { graft: grafts, prune: prunes };
    },
    failures: () => {
      const { suspected, dead, unreachable, misbehaved } = peer.status().failures;
      return { suspected, dead, unreachable, misbehaved };
    },
    leasesActive: () => ({
      granted: sum(peer, ({ table }) => table.activeLeases),
      held: peer.status().leasesHeld,
    }),
    undelivered: () => [...peer.status().unsent.values()].reduce((sum, count) => sum + count, 0),
    leases: () => {
      const { leased, returned, expired, revoked } = peer.totals;
      return { granted: leased, returned, expired, revoked };
    },
    chunks: () => {
      const leased = sum(peer, ({ table }) => table.inFlight - table.disputed);
      const disputed = sum(peer, ({ table }) => table.disputed);
      const accepted = sum(peer, ({ assembler }) => assembler.accepted);
      const all = sum(peer, ({ table }) => table.chunks);
      return { waiting: all - leased - disputed - accepted, leased, disputed, accepted };
    },
    chunksAccepted: () => peer.totals.chunksAccepted,
    replicas: () => {
      const { accepted, lost, late, expired, failures } = peer.totals;
      return {
        accepted,
        lost,
        late,
        expired,
        failed_timed_out: failures['timed-out'],
        failed_out_of_memory: failures['out-of-memory'],
        failed_threw: failures.threw,
        failed_exited: failures.exited,
        failed_result_too_large: failures['result-too-large'],
        failed_forbidden_import: failures['forbidden-import'],
        failed_not_deterministic: failures['not-deterministic'],
      };
    },
    evidence: () => {
      const { checkPassed, checkFailed, caught, reopened } = peer.totals.evidence;
      return { check_passed: checkPassed, check_failed: checkFailed, caught, reopened };
    },
    accusations: () => peer.evidenceCounts,
    transport: () => transport.stats(),
    sandbox: () => ({ ...sandbox.stats(), slots: sandbox.slots }),
  };
}

function sum(peer: Peer, of: (job: Peer['ownJobs'][number]) => number): number {
  return peer.ownJobs.reduce((total, job) => total + of(job), 0);
}
