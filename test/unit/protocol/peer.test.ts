import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import { programKey } from '../../../src/model/program.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { World, type Conduct, type Node } from '../../support/protocol-harness.ts';
import {
  anna,
  at,
  bert,
  cora,
  digestNumbered,
  givenLimits,
  jobNumbered,
  leasedChunks,
  ofType,
  peerNamed,
  resultOf,
  self,
  signedOf,
  specOf,
} from '../../support/protocol-fixtures.ts';

const job = jobNumbered(1);
const chunks = 300;
const hourMs = 3_600_000;

/** Anna owns the job; Bert and Cora join through her. */
function gridOf(seed: number, conduct: { bert?: Partial<Conduct>; cora?: Partial<Conduct> } = {}) {
  const world = new World(seed);
  const owner = world.join(anna, []);
  const entrances = [owner.address];
  const others = [
    world.join(bert, entrances, conduct.bert),
    world.join(cora, entrances, conduct.cora),
  ];
  world.runFor(1_000);
  return { world, owner, others };
}

function submit(world: World, owner: Node, quorum: number): void {
  world.submit(owner, job, specOf({ requester: owner.self, trust: { quorum } }), chunks);
}

const isOver = (node: Node) => () => node.accepted.length + node.failures.length > 0;

function wrongOf(node: Node): number[] {
  return [...node.stored].flatMap(([chunk, digest]) =>
    digest === digestNumbered(chunk) ? [] : [chunk],
  );
}

function contributionOf(node: Node, peer: PeerId) {
  return node.reports[0]?.contributions.find((entry) => entry.peer === peer);
}

describe('a job of three peers', () => {
  test('is done by all of them, each chunk by two, and right', () => {
    const { world, owner } = gridOf(1);
    submit(world, owner, 2);
    world.runFor(hourMs, isOver(owner));
    expect([owner.accepted, owner.failures]).toEqual([[job], []]);
    expect([owner.stored.size, wrongOf(owner)]).toEqual([chunks, []]);
    const [report] = owner.reports;
    expect(report).toMatchObject({ chunks, accepted: chunks, disputes: 0 });
    expect(report?.contributions.map(({ peer }) => peer).toSorted()).toEqual([anna, bert, cora]);
    const accepted = report?.contributions.reduce((sum, entry) => sum + entry.accepted, 0);
    expect(accepted).toBe(2 * chunks);
    for (const entry of report?.contributions ?? []) expect(entry.accepted).toBeGreaterThan(100);
    // 600 replicas of 20 ms on 6 slots, and some way to go.
    expect(report?.wallMs).toBeLessThan(3_000);
  });

  test('accepts nothing wrong of a liar, and counts its disputes lost', () => {
    const { world, owner } = gridOf(2, { cora: { wrongShare: 0.3 } });
    submit(world, owner, 2);
    world.runFor(hourMs, isOver(owner));
    expect([owner.accepted, owner.stored.size, wrongOf(owner)]).toEqual([[job], chunks, []]);
    expect(owner.reports[0]?.disputes).toBeGreaterThan(20);
    expect(contributionOf(owner, cora)?.lost).toBeGreaterThan(20);
    expect([anna, bert].map((peer) => contributionOf(owner, peer)?.lost)).toEqual([0, 0]);
  });

  test('completes when one of them vanishes', () => {
    const { world, owner, others } = gridOf(3);
    submit(world, owner, 2);
    world.runFor(hourMs, () => owner.stored.size > 50);
    const [vanishing] = others;
    if (vanishing !== undefined) world.vanish(vanishing);
    world.runFor(hourMs, isOver(owner));
    expect([owner.accepted, owner.stored.size, wrongOf(owner)]).toEqual([[job], chunks, []]);
    expect(contributionOf(owner, bert)?.expired).toBeGreaterThan(0);
    expect(owner.reports[0]?.wallMs).toBeLessThan(6_000);
  });

  test('loses nothing but time to one that never returns anything', () => {
    const { world, owner } = gridOf(4, { cora: { hangs: true } });
    submit(world, owner, 2);
    world.runFor(hourMs, isOver(owner));
    expect([owner.accepted, owner.stored.size, wrongOf(owner)]).toEqual([[job], chunks, []]);
    expect(contributionOf(owner, cora)).toMatchObject({ returned: 0, accepted: 0 });
  });

  test('fails when it never agrees, and everybody drops it', () => {
    const { world, owner, others } = gridOf(5, {
      bert: { wrongShare: 1 },
      cora: { wrongShare: 1 },
    });
    const more = ['dora', 'emil', 'fred', 'gesa'].map((name) =>
      world.join(peerNamed(name), [owner.address], { wrongShare: 1 }),
    );
    world.runFor(1_000);
    submit(world, owner, 2);
    world.runFor(hourMs, isOver(owner));
    expect(owner.failures).toMatchObject([{ type: 'chunk-disputed', quorum: 2 }]);
    world.runFor(1_000);
    for (const node of [owner, ...others, ...more]) {
      const { leasesHeld, chunksRunning, requesters } = node.peer.status();
      expect([leasesHeld, chunksRunning, requesters]).toEqual([0, 0, []]);
    }
  });
});

test('a peer alone computes its own job', () => {
  const world = new World(6);
  const owner = world.join(anna, []);
  submit(world, owner, 1);
  world.runFor(hourMs, isOver(owner));
  expect([owner.accepted, owner.stored.size, wrongOf(owner)]).toEqual([[job], chunks, []]);
  expect(contributionOf(owner, anna)).toMatchObject({ leased: chunks, accepted: chunks });
});

test('a peer that joins later finds the job that waits for it', () => {
  const world = new World(7);
  const owner = world.join(anna, []);
  submit(world, owner, 2);
  world.runFor(30_000);
  expect(owner.stored.size).toBe(0);
  expect(owner.peer.ownJob(job)?.progress(world.nowMs).stalled).toContain('only 1 computes');
  world.join(bert, [owner.address]);
  world.runFor(hourMs, isOver(owner));
  expect([owner.accepted, owner.stored.size]).toEqual([[job], chunks]);
});

test('who pauses leaves the work to others, and takes part again afterwards', () => {
  const { world, owner, others } = gridOf(8);
  const [pausing] = others;
  if (pausing === undefined) throw new Error('nobody');
  submit(world, owner, 2);
  world.runFor(200);
  world.handle(pausing, { type: 'pause', untilMs: world.nowMs + 500 });
  world.runFor(100);
  expect(pausing.peer.status()).toMatchObject({ mode: 'paused', leasesHeld: 0, chunksRunning: 0 });
  const before = pausing.peer.status().replicasReturned;
  world.runFor(hourMs, isOver(owner));
  expect(pausing.peer.status().replicasReturned).toBeGreaterThan(before);
  expect([owner.accepted, contributionOf(owner, bert)?.expired]).toEqual([[job], 0]);
});

test('who finishes computes what it holds, costs nobody a lease, and is drained then', () => {
  const { world, owner, others } = gridOf(9);
  const [finishing] = others;
  if (finishing === undefined) throw new Error('nobody');
  submit(world, owner, 2);
  world.runFor(200);
  expect(finishing.peer.status().leasesHeld).toBeGreaterThan(0);
  world.handle(finishing, { type: 'finish' });
  world.runFor(hourMs, () => finishing.drained > 0);
  expect(finishing.peer.status()).toMatchObject({ leasesHeld: 0, requesters: [] });
  world.vanish(finishing);
  world.runFor(hourMs, isOver(owner));
  expect([owner.accepted, contributionOf(owner, bert)?.expired]).toEqual([[job], 0]);
});

describe('waking', () => {
  test('an idle grid does next to nothing', () => {
    const { world, owner } = gridOf(10);
    submit(world, owner, 2);
    world.runFor(hourMs, isOver(owner));
    world.runFor(60_000);
    const before = world.events;
    world.runFor(60_000);
    // Three peers exchange addresses every ten seconds and look for more neighbours.
    expect(world.events - before).toBeLessThan(100);
    expect(world.events - before).toBeGreaterThan(10);
  });

  test('a peer alone with nothing to do never wakes', () => {
    const world = new World(11);
    const owner = world.join(anna, []);
    submit(world, owner, 1);
    world.runFor(hourMs, isOver(owner));
    world.runFor(60_000);
    const before = world.events;
    world.runFor(60_000);
    expect(world.events).toBe(before);
  });

  test('a job that waits for somebody costs a few events a second', () => {
    const world = new World(12);
    const owner = world.join(anna, []);
    submit(world, owner, 2);
    world.runFor(10_000);
    const before = world.events;
    world.runFor(60_000);
    expect(world.events - before).toBeLessThan(300);
  });

  test('a peer keeps trying its entrance, however its timers fire', () => {
    const world = new World(13);
    const waiting = world.join(bert, ['anna:1']);
    world.runFor(10 * 60_000);
    world.join(anna, []);
    world.runFor(2 * 60_000);
    expect([...waiting.peer.status().neighbours.keys()]).toEqual([anna]);
  });

  test('a tick that comes too early is followed by the same wake again', () => {
    const options = { self, addresses: () => [], entrances: ['one:1'], slots: 1, seed: 1 };
    const peer = new Peer({ ...options, limits: givenLimits });
    peer.handle({ type: 'tick' }, at(0));
    const failed = { type: 'dial-failed', address: 'one:1', reason: 'refused' } as const;
    const wakes = ofType(peer.handle(failed, at(5)), 'wake');
    expect(wakes).toHaveLength(1);
    const atMs = wakes[0]?.atMs ?? Number.NaN;
    expect(peer.handle({ type: 'tick' }, at(atMs - 0.5))).toEqual(wakes);
    const due = peer.handle({ type: 'tick' }, at(atMs));
    expect(ofType(due, 'dial')).toEqual([{ type: 'dial', address: 'one:1' }]);
  });
});

test('the same seed gives the same effects, another seed others', () => {
  const traceOf = (seed: number): string[] => {
    const { world, owner } = gridOf(seed, { cora: { wrongShare: 0.3 } });
    submit(world, owner, 2);
    world.runFor(hourMs, isOver(owner));
    return world.trace;
  };
  const first = traceOf(20);
  expect(first.length).toBeGreaterThan(500);
  expect(traceOf(20)).toEqual(first);
  expect(traceOf(21)).not.toEqual(first);
});

test('what a peer says to itself stays inside, but for leases, which need their inputs', () => {
  const peer = new Peer({
    self,
    addresses: () => ['me:1'],
    entrances: [],
    slots: 1,
    limits: givenLimits,
    seed: 1,
  });
  peer.handle({ type: 'tick' }, at(0));
  const spec = specOf({ trust: { quorum: 1 } });
  expect(peer.handle({ type: 'submit', job, spec }, at(1))).toEqual([]);
  const [sign] = ofType(peer.handle({ type: 'chunks-added', job, count: 1 }, at(2)), 'sign-offer');
  peer.handle({ type: 'split-ended', job }, at(3));
  if (sign === undefined) throw new Error('no offer');
  const engaged = peer.handle({ type: 'offer-signed', offer: signedOf(sign.offer) }, at(4));
  expect(engaged.map(({ type }) => type)).toEqual(['fetch-program']);
  const program = programKey(spec, spec.limits.memoryBytesMax);
  const ready = peer.handle({ type: 'program-ready', program }, at(5));
  const lease = { lease: 1, chunk: 0 };
  const message = { type: 'leases', job, leaseMs: 12_000 } as const;
  expect(ready).toEqual([
    { type: 'send-to-volunteer', to: self, message: { ...message, chunks: [lease] } },
    { type: 'wake', atMs: 505 },
  ]);
  const [leased] = leasedChunks(0, 1);
  if (leased === undefined) throw new Error('no chunk');
  const inputs = [{ ...leased, lease: 1 }];
  const given = { ...message, chunks: inputs };
  const running = peer.handle({ type: 'requester-message', from: self, message: given }, at(6));
  expect(running).toEqual([
    { type: 'run', run: 1, job, program, limits: spec.limits, chunks: inputs },
  ]);
  const { outcome } = resultOf(lease);
  const outcomes = [{ outcome, computeMs: 3 }];
  expect(
    peer.handle({ type: 'run-done', run: 1, outcomes }, at(9)).map(({ type }) => type),
  ).toEqual(['store-results', 'all-accepted']);
});
