/**
 * What this peer is doing, for Prometheus. The machines keep their own counts; a scrape asks for
 * them, so that counting costs the peer nothing between scrapes. Only computing times are pushed,
 * because a histogram can't be polled.
 *
 * To add a metric: a function in `MetricSources`, a row in `polled`, and its place in the
 * dashboard.
 */

import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import type { FailureKind } from '../model/replica.ts';
import type { SandboxStats, TransportStats } from '../ports.ts';

/** Present numbers and totals since the start of the peer; called at every scrape. */
export type MetricSources = {
  /** Present peers by what they are to this one; a peer may be several of these. */
  readonly peers: () => Numbers<'neighbour' | 'known' | 'volunteer' | 'requester'>;
  /** Totals. Sent counts each neighbour; duplicate, refused and over_rate are among the seen. */
  readonly offers: () => Numbers<
    'seen' | 'sent' | 'announced' | 'asked' | 'duplicate' | 'refused' | 'over_rate'
  >;
  /** Totals of links that joined the tree of offers, or left it. */
  readonly treeChanges: () => Numbers<'graft' | 'prune'>;
  /** Totals of what was found out about other peers. */
  readonly failures: () => Numbers<'suspected' | 'dead' | 'unreachable' | 'misbehaved'>;
  /** Present leases: granted to volunteers of own jobs, held as a volunteer of others'. */
  readonly leasesActive: () => Numbers<'granted' | 'held'>;
  /** Present results for others that were not acknowledged. */
  readonly undelivered: () => number;
  /** Totals of own jobs. */
  readonly leases: () => Numbers<'granted' | 'returned' | 'expired' | 'revoked'>;
  /** Present chunks of own running jobs, each in one state. */
  readonly chunks: () => Numbers<'waiting' | 'leased' | 'disputed' | 'accepted'>;
  /** Total of own jobs; unlike the gauge it outlives them. */
  readonly chunksAccepted: () => number;
  /** Totals of own jobs, by what became of the replica. */
  readonly replicas: () => Numbers<ReplicaOutcome>;
  /** Totals of own jobs that believe on evidence. */
  readonly evidence: () => Numbers<'check_passed' | 'check_failed' | 'caught' | 'reopened'>;
  /** Totals of evidence against others: this peer's own, what came and went, what it found out. */
  readonly accusations: () => Numbers<
    'published' | 'received' | 'sent' | 'proven' | 'refuted' | 'unknown'
  >;
  readonly transport: () => TransportStats;
  readonly sandbox: () => SandboxStats & { readonly slots: number };
};

type ReplicaOutcome =
  | 'accepted'
  | 'lost'
  | 'late'
  | 'expired'
  | `failed_${Underscored<FailureKind>}`;

export type Metrics = {
  /** A batch of so many chunks took so long to compute on this peer. */
  readonly observeCompute: (seconds: number, chunks: number) => void;
  /** In the Prometheus text format. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** Of all families, for tests of what dashboards ask for. */
  readonly names: () => readonly string[];
};

/** @param version of this program, as in package.json */
export function createMetrics(sources: MetricSources, version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  addProcessMetrics(registry);
  for (const family of polled) registry.registerMetric(polledMetric(family, sources));
  new Gauge({
    name: 'manyhands_build_info',
    help: 'Always 1; the version of manyhands is in the label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  const compute = new Histogram({
    name: 'manyhands_chunk_compute_seconds',
    help: 'Time to compute a chunk on this peer, averaged over each batch.',
    // From chunks that only batching makes worth sending to the longest that a lease may take.
    buckets: [0.0001, 0.001, 0.01, 0.1, 1, 10, 60, 600, 3600],
    registers,
  });
  return {
    observeCompute(seconds, chunks) {
      for (let chunk = 0; chunk < chunks; chunk++) compute.observe(seconds / chunks);
    },
    scrape: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    names: () => registry.getMetricsAsArray().map((metric) => metric.name),
  };
}

type Numbers<Name extends string> = Readonly<Record<Name, number>>;

type Underscored<Text extends string> = Text extends `${infer Head}-${infer Tail}`
  ? `${Head}_${Underscored<Tail>}`
  : Text;

/** One metric whose values are asked for at a scrape, with or without a label. */
type PolledFamily = {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly label?: string;
  readonly poll: (sources: MetricSources) => number | Readonly<Record<string, number>>;
};

const polled: readonly PolledFamily[] = [
  {
    name: 'manyhands_peers',
    type: 'gauge',
    help: 'Peers by what they are to this one; a peer may be several of these.',
    label: 'state',
    poll: ({ peers }) => peers(),
  },
  {
    name: 'manyhands_offers_total',
    type: 'counter',
    help: 'Offers over the overlay; duplicate, refused and over_rate are among the seen.',
    label: 'event',
    poll: ({ offers }) => offers(),
  },
  {
    name: 'manyhands_tree_changes_total',
    type: 'counter',
    help: 'Links that joined the tree along which offers travel, and that left it.',
    label: 'event',
    poll: ({ treeChanges }) => treeChanges(),
  },
  {
    name: 'manyhands_peer_failures_total',
    type: 'counter',
    help: 'Neighbours that fell silent, and peers parted with because of what was found out.',
    label: 'finding',
    poll: ({ failures }) => failures(),
  },
  {
    name: 'manyhands_leases_active',
    type: 'gauge',
    help: 'Leases out: granted to volunteers of own jobs, held as a volunteer of other jobs.',
    label: 'state',
    poll: ({ leasesActive }) => leasesActive(),
  },
  {
    name: 'manyhands_results_undelivered',
    type: 'gauge',
    help: 'Results computed for others that their requesters have not acknowledged.',
    poll: ({ undelivered }) => undelivered(),
  },
  {
    name: 'manyhands_leases_total',
    type: 'counter',
    help: 'Leases of own jobs, by what happened to them.',
    label: 'event',
    poll: ({ leases }) => leases(),
  },
  {
    name: 'manyhands_chunks',
    type: 'gauge',
    help: 'Chunks of own running jobs.',
    label: 'state',
    poll: ({ chunks }) => chunks(),
  },
  {
    name: 'manyhands_chunks_accepted_total',
    type: 'counter',
    help: 'Chunks of own jobs that got a canonical result.',
    poll: ({ chunksAccepted }) => chunksAccepted(),
  },
  {
    name: 'manyhands_replicas_total',
    type: 'counter',
    help: 'Replicas of own jobs by outcome; lost are those outvoted in a dispute.',
    label: 'outcome',
    poll: ({ replicas }) => replicas(),
  },
  {
    name: 'manyhands_evidence_total',
    type: 'counter',
    help: 'Own jobs with an error rate: spot-checks, peers caught, chunks not believed any more.',
    label: 'event',
    poll: ({ evidence }) => evidence(),
  },
  {
    name: 'manyhands_accusations_total',
    type: 'counter',
    help: 'Evidence against peers: own, from and to neighbours, and what came of checking it.',
    label: 'event',
    poll: ({ accusations }) => accusations(),
  },
  {
    name: 'manyhands_received_bytes_total',
    type: 'counter',
    help: 'Bytes received from other peers.',
    poll: ({ transport }) => transport().bytesIn,
  },
  {
    name: 'manyhands_sent_bytes_total',
    type: 'counter',
    help: 'Bytes sent to other peers.',
    poll: ({ transport }) => transport().bytesOut,
  },
  {
    name: 'manyhands_handshakes_refused_total',
    type: 'counter',
    help: 'Connections refused at the TLS handshake, as those of peers of another grid are.',
    poll: ({ transport }) => transport().handshakesRefused,
  },
  {
    name: 'manyhands_frames_rejected_total',
    type: 'counter',
    help: 'Frames that broke a bound or were malformed, each of which ended its stream.',
    poll: ({ transport }) => transport().framesRejected,
  },
  {
    name: 'manyhands_queue_depth',
    type: 'gauge',
    help: 'What waits: frames for slow readers of streams, batches for a free sandbox thread.',
    label: 'queue',
    poll: ({ transport, sandbox }) => ({
      frames: transport().framesQueued,
      batches: sandbox().batchesQueued,
    }),
  },
  {
    name: 'manyhands_slots',
    type: 'gauge',
    help: 'Threads that compute.',
    label: 'state',
    poll: ({ sandbox }) => {
      const { slots, slotsBusy } = sandbox();
      return { busy: slotsBusy, idle: slots - slotsBusy };
    },
  },
  {
    name: 'manyhands_sandbox_restarts_total',
    type: 'counter',
    help: 'Times that the process of the sandbox was started again because it died or hung.',
    poll: ({ sandbox }) => sandbox().restarts,
  },
];

function polledMetric(family: PolledFamily, sources: MetricSources): Counter | Gauge {
  const { name, help, label } = family;
  const values = (): readonly (readonly [Record<string, string>, number])[] => {
    const value = family.poll(sources);
    if (typeof value === 'number') return [[{}, value]];
    return Object.entries(value).map(([state, number]) => [{ [label ?? '']: state }, number]);
  };
  const config = { name, help, labelNames: label === undefined ? [] : [label], registers: [] };
  if (family.type === 'gauge') {
    return new Gauge({
      ...config,
      collect() {
        for (const [labels, value] of values()) this.set(labels, value);
      },
    });
  }
  return new Counter({
    ...config,
    collect() {
      this.reset();
      for (const [labels, value] of values()) this.inc(labels, value);
    },
  });
}

/**
 * CPU, memory, file descriptors, event loop and garbage collection of the process. Three gauges of
 * prom-client are named like counters and left out; each has a twin without the suffix.
 */
function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const what of ['handles', 'requests', 'resources']) {
    registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }
}
