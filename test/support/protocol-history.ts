/**
 * A history of a lease table beside a model that keeps everything and searches for what it wants to
 * know.
 */

import { ok as assert, deepStrictEqual as deepEqual, strictEqual as equal } from 'node:assert';

import type { Digest, PeerId } from '../../src/model/ids.ts';
import type { Lease, ReplicaResult } from '../../src/model/replica.ts';
import { LeaseTable } from '../../src/protocol/requester/lease-table.ts';
import { createRandom, type Random } from '../../src/protocol/random.ts';
import { emptyTotals } from '../../src/protocol/requester/tally.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  dora,
  failureOf,
  jobNumbered,
  peerNumbered,
  resultOf,
  returnOf,
  self,
  specOf,
} from './protocol-fixtures.ts';

export const chunks = 200;
export const peers = [self, anna, bert, cora, dora, peerNumbered(1), peerNumbered(2)];
/** Wrong three times in ten, each time in another way: never two alike. */
const liars = new Set([cora, dora]);
/** Fails now and then, alone in that. */
const flaky = peerNumbered(1);

type ModelReplica = {
  readonly peer: PeerId;
  readonly lease: Lease;
  readonly deadlineMs: number;
  state: 'active' | 'expired';
};

type ModelChunk = {
  replicas: ModelReplica[];
  readonly votes: Map<PeerId, Digest>;
  readonly failed: Set<PeerId>;
  decided: boolean;
};

/** One history: the table, and what an observer knows of it. */
export class TableHistory {
  readonly table: LeaseTable;
  readonly totals = emptyTotals();
  readonly quorum: number;
  readonly random: Random;
  readonly model = Array.from({ length: chunks }, (): ModelChunk => ({
    replicas: [],
    votes: new Map(),
    failed: new Set(),
    decided: false,
  }));
  readonly accepted: number[] = [];
  nowMs = 1_000_000;
  lies = 0;
  revoked = 0;
  yielded = 0;

  constructor(seed: number, quorum: number) {
    this.random = createRandom(seed);
    this.quorum = quorum;
    this.table = new LeaseTable(jobNumbered(1), specOf({ trust: { quorum } }), this.totals);
  }

  below(bound: number): number {
    return Math.floor(this.random.next() * bound);
  }

  /** More chunks, until there are all. */
  split(): void {
    const count = Math.min(this.below(60), chunks - this.yielded);
    this.yielded += count;
    this.table.addChunks(count);
    if (this.yielded === chunks) this.table.endSplit();
  }

  lease(peer: PeerId, count: number): void {
    const deadlineMs = this.nowMs + this.table.leaseMs;
    for (const lease of this.table.lease(peer, count, this.nowMs)) {
      const { replicas, votes, failed, decided } = this.chunk(lease.chunk);
      const holds = replicas.some((held) => held.peer === peer && held.state === 'active');
      assert(!holds && !votes.has(peer) && !failed.has(peer) && !decided, `lease ${lease.lease}`);
      replicas.push({ peer, lease, deadlineMs, state: 'active' });
    }
  }

  answer(peer: PeerId, lease: Lease, honest: boolean): ReplicaResult {
    if (!honest && this.random.next() < 0.1) return returnOf(lease);
    // One vote decides where nobody is doubted.
    if (this.quorum === 1) return resultOf(lease);
    if (!honest && peer === flaky && this.random.next() < 0.2) return failureOf(lease);
    if (liars.has(peer) && this.random.next() < 0.3) {
      this.lies += 1;
      return resultOf(lease, 100_000 + this.lies);
    }
    return resultOf(lease);
  }

  /** One replica comes back, in time or late. */
  result(replica: ModelReplica, honest: boolean): void {
    const { peer, lease } = replica;
    const chunk = this.chunk(lease.chunk);
    const answer = this.answer(peer, lease, honest);
    const settlement = this.table.result(peer, answer, this.nowMs);
    chunk.replicas = chunk.replicas.filter((other) => other !== replica);
    if (replica.state === 'expired' && chunk.decided) {
      deepEqual(settlement, { type: 'unknown' });
      return;
    }
    const { outcome } = answer;
    const heard = chunk.votes.has(peer) || chunk.failed.has(peer);
    if (outcome.type === 'result' && !heard && !chunk.decided) {
      chunk.votes.set(peer, outcome.digest);
      chunk.decided = Math.max(...this.groups(chunk)) >= this.quorum;
      if (chunk.decided) {
        const { digest, value } = outcome;
        equal(digest, digestNumbered(lease.chunk));
        const { chunk: accepted } = lease;
        const { revoked, ...rest } = { revoked: [], ...settlement };
        deepEqual(rest, { type: 'accepted', chunk: accepted, digest, value });
        this.revoked += revoked.length;
        this.accepted.push(accepted);
        return;
      }
    }
    if (outcome.type === 'failure' && !heard && !chunk.decided) chunk.failed.add(peer);
    deepEqual(settlement, { type: 'counted' });
  }

  expire(afterMs: number): void {
    this.nowMs += afterMs;
    this.table.expire(this.nowMs);
    for (const chunk of this.model) {
      for (const replica of chunk.replicas) {
        if (replica.deadlineMs <= this.nowMs) replica.state = 'expired';
      }
    }
  }

  gone(peer: PeerId): void {
    const isAwaited = this.table.holders().has(peer);
    this.table.peerGone(peer);
    // Of whom nobody waits for, what was revoked stays out until it expires.
    if (!isAwaited) return;
    for (const chunk of this.model) {
      chunk.replicas = chunk.replicas.filter(
        (replica) => replica.peer !== peer || replica.state === 'expired',
      );
    }
  }

  forge(): void {
    const lease = { lease: this.below(3_000), chunk: this.below(chunks) };
    const peer = peers[this.below(peers.length)] ?? anna;
    const { replicas } = this.chunk(lease.chunk);
    if (replicas.some((known) => known.peer === peer && known.lease.lease === lease.lease)) return;
    deepEqual(this.table.result(peer, resultOf(lease), this.nowMs), { type: 'unknown' });
  }

  replicas(): ModelReplica[] {
    return this.model.flatMap((chunk) => chunk.replicas);
  }

  groups({ votes }: ModelChunk): number[] {
    const sizes = new Map<Digest, number>();
    for (const vote of votes.values()) sizes.set(vote, (sizes.get(vote) ?? 0) + 1);
    return [...sizes.values()];
  }

  /** What must hold after every step. */
  check(): void {
    const { table } = this;
    const active = this.replicas().filter(({ state }) => state === 'active');
    const undecided = this.model.filter(({ decided }) => !decided);
    const leased = undecided.filter((chunk) => chunk.replicas.some((r) => r.state === 'active'));
    equal(table.activeLeases, active.length);
    equal(table.inFlight, leased.length);
    equal(table.disputed, undecided.filter((chunk) => this.groups(chunk).length > 1).length);
    // What was revoked is out, and nobody waits for it.
    const awaited = undecided.flatMap((chunk) =>
      chunk.replicas.filter((r) => r.state === 'active'),
    );
    deepEqual(table.holders(), new Set(awaited.map(({ peer }) => peer)));
    // Every open chunk is worked on, or offered, as much as it needs.
    let wanted = 0;
    for (const chunk of undecided) {
      const { replicas, votes, failed } = chunk;
      const promising = replicas.filter(
        ({ peer, state }) => state === 'active' && !votes.has(peer) && !failed.has(peer),
      );
      wanted += Math.max(this.quorum - Math.max(0, ...this.groups(chunk)) - promising.length, 0);
    }
    const unyielded = (chunks - this.yielded) * this.quorum;
    assert(table.replicasOpen >= wanted - unyielded, `${wanted} wanted`);
    const undecidedVotes = undecided.reduce((sum, { votes }) => sum + votes.size, 0);
    const { returned, accepted, lost, late, failed } = this.totals;
    equal(returned, accepted + lost + late + failed + undecidedVotes);
    equal(this.totals.revoked, this.revoked);
  }

  chunk(chunk: number): ModelChunk {
    const found = this.model[chunk];
    if (found === undefined) throw new Error(`no chunk ${chunk}`);
    return found;
  }
}
