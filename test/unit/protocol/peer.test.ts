import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import { programKey, programRef } from '../../../src/model/program.ts';
import { Peer, type PeerOptions } from '../../../src/protocol/peer.ts';
import { replicasMax } from '../../../src/protocol/requester/quorum.ts';
import {
  anna,
  at,
  bert,
  cora,
  givenLimits,
  jobNumbered,
  leasedChunks,
  ofType,
  peerNumbered,
  resultOf,
  self,
  signedOf,
  specOf,
} from '../../support/protocol-fixtures.ts';
import type { ComputeConduct } from '../../support/simulator/compute-conduct.ts';
import type { SimulatedJob } from '../../support/simulator/simulated-job.ts';
import type { SimulatedPeer } from '../../support/simulator/simulated-peer.ts';
import { Simulator } from '../../support/simulator/simulator.ts';

const job = jobNumbered(1);
const chunks = 300;
const hourMs = 3_600_000;

const alone: PeerOptions = {
  self,
  addresses: () => ['me:1'],
  entrances: [],
  known: [],
  features: ['computes'],
  slots: 1,
  limits: givenLimits,
  seed: 1,
};

/** A network so fast that only what peers decide takes time. */
function simulatorOf(seed: number): Simulator {
  return new Simulator({ seed, network: { medianMs: 1 } });
}

/** Anna owns the job; Bert and Cora join through her. */
function gridOf(
  seed: number,
  conduct: { bert?: Partial<ComputeConduct>; cora?: Partial<ComputeConduct> } = {},
) {
  const simulator = simulatorOf(seed);
  const owner = simulator.addPeer({ self: anna });
  const entrances = [owner.address];
  const others = [
    simulator.addPeer({ self: bert, entrances, conduct: conduct.bert ?? {} }),
    simulator.addPeer({ self: cora, entrances, conduct: conduct.cora ?? {} }),
  ] as const;
  simulator.runFor(1_000);
  return { simulator, owner, others };
}

function submit(simulator: Simulator, owner: SimulatedPeer, quorum: number): SimulatedJob {
  return simulator.submit(owner, { chunks, chunkMs: 20, quorum });
}

/** Lets time pass until the job has ended. */
function finish(simulator: Simulator, own: SimulatedJob): void {
  simulator.runUntil(() => own.state !== 'running', hourMs);
}

/** How it ended, of how many chunks there are results, and which of them are wrong. */
function endOf(own: SimulatedJob) {
  return [own.state, own.results.size, own.wrong()];
}

const done = ['accepted', chunks, []];

function contributionOf(own: SimulatedJob, peer: PeerId) {
  return own.report?.contributions.find((entry) => entry.peer === peer);
}

describe('a job of three peers', () => {
  test('is done by all of them, each chunk by two, and right', () => {
    const { simulator, owner } = gridOf(1);
    const own = submit(simulator, owner, 2);
    finish(simulator, own);
    expect(endOf(own)).toEqual(done);
    const { report } = own;
    expect(report).toMatchObject({ chunks, accepted: chunks, disputes: 0 });
    expect(report?.contributions.map(({ peer }) => peer).toSorted()).toEqual([anna, bert, cora]);
    const accepted = report?.contributions.reduce((sum, entry) => sum + entry.accepted, 0);
    expect(accepted).toBe(2 * chunks);
    for (const entry of report?.contributions ?? []) expect(entry.accepted).toBeGreaterThan(100);
    // 600 replicas of 20 ms on 6 slots, and some way to go.
    expect(report?.wallMs).toBeLessThan(3_000);
  });

  test('accepts nothing wrong of a liar, and counts its disputes lost', () => {
    const { simulator, owner } = gridOf(2, { cora: { wrongShare: 0.3 } });
    const own = submit(simulator, owner, 2);
    finish(simulator, own);
    expect(endOf(own)).toEqual(done);
    expect(own.report?.disputes).toBeGreaterThan(20);
    expect(contributionOf(own, cora)?.lost).toBeGreaterThan(20);
    expect([anna, bert].map((peer) => contributionOf(own, peer)?.lost)).toEqual([0, 0]);
  });

  test('completes when one of them vanishes', () => {
    const { simulator, owner, others } = gridOf(3);
    const own = submit(simulator, owner, 2);
    simulator.runUntil(() => own.results.size > 50, hourMs);
    simulator.crash(others[0], 'killed');
    finish(simulator, own);
    expect(endOf(own)).toEqual(done);
    expect(own.report?.wallMs).toBeLessThan(6_000);
  });

  test('loses nothing but time to one that never returns anything', () => {
    const { simulator, owner } = gridOf(4, { cora: { hangShare: 1 } });
    const own = submit(simulator, owner, 2);
    finish(simulator, own);
    expect(endOf(own)).toEqual(done);
    expect(contributionOf(own, cora)).toMatchObject({ returned: 0, accepted: 0 });
  });

  test('fails when it never agrees, and everybody drops it', () => {
    const { simulator, owner } = gridOf(5, { bert: { wrongShare: 1 }, cora: { wrongShare: 1 } });
    // With Anna, who is honest, as many as a chunk has replicas.
    for (let number = 3; number < replicasMax(2); number++) {
      const entrances = [owner.address];
      simulator.addPeer({ self: peerNumbered(number), entrances, conduct: { wrongShare: 1 } });
    }
    simulator.runFor(1_000);
    const own = submit(simulator, owner, 2);
    finish(simulator, own);
    expect(own.failure).toMatchObject({ type: 'chunk-disputed', quorum: 2 });
    simulator.runFor(1_000);
    for (const { peer } of simulator.peers) {
      const { leasesHeld, chunksRunning, requesters } = peer.status();
      expect([leasesHeld, chunksRunning, requesters]).toEqual([0, 0, []]);
    }
  });
});

test('a peer alone computes its own job', () => {
  const simulator = simulatorOf(6);
  const own = submit(simulator, simulator.addPeer({ self: anna }), 1);
  finish(simulator, own);
  expect(endOf(own)).toEqual(done);
  expect(contributionOf(own, anna)).toMatchObject({ leased: chunks, accepted: chunks });
});

test('a peer that joins later finds the job that waits for it', () => {
  const simulator = simulatorOf(7);
  const owner = simulator.addPeer({ self: anna });
  const own = submit(simulator, owner, 2);
  simulator.runFor(30_000);
  expect(own.results.size).toBe(0);
  const { stalled } = owner.peer.ownJob(own.id)?.progress(owner.now().ms) ?? {};
  expect(stalled).toContain('only 1 computes');
  simulator.addPeer({ self: bert, entrances: [owner.address] });
  finish(simulator, own);
  expect(endOf(own)).toEqual(done);
});

test('who pauses leaves the work to others, and takes part again afterwards', () => {
  const { simulator, owner, others } = gridOf(8);
  const [pausing] = others;
  const own = submit(simulator, owner, 2);
  simulator.runFor(200);
  simulator.handle(pausing, { type: 'pause', untilMs: pausing.now().ms + 500 });
  simulator.runFor(100);
  expect(pausing.peer.status()).toMatchObject({ mode: 'paused', leasesHeld: 0, chunksRunning: 0 });
  const before = pausing.peer.status().replicasReturned;
  finish(simulator, own);
  expect(pausing.peer.status().replicasReturned).toBeGreaterThan(before);
  expect([own.state, contributionOf(own, bert)?.expired]).toEqual(['accepted', 0]);
});

test('who finishes computes what it holds, costs nobody a lease, and is drained then', () => {
  const { simulator, owner, others } = gridOf(9);
  const [finishing] = others;
  const own = submit(simulator, owner, 2);
  simulator.runFor(200);
  expect(finishing.peer.status().leasesHeld).toBeGreaterThan(0);
  simulator.handle(finishing, { type: 'finish' });
  simulator.runUntil(() => finishing.drained > 0, hourMs);
  expect(finishing.peer.status()).toMatchObject({ leasesHeld: 0, requesters: [] });
  simulator.crash(finishing, 'killed');
  finish(simulator, own);
  expect([own.state, contributionOf(own, bert)?.expired]).toEqual(['accepted', 0]);
});

test('nobody is given up while chunks take long', () => {
  const { simulator, owner } = gridOf(16);
  const own = simulator.submit(owner, { chunks: 3, chunkMs: 45_000, quorum: 2 });
  simulator.runUntil(() => own.state !== 'running', 10 * 60_000);
  expect(own.state).toBe('accepted');
  for (const name of [anna, bert, cora]) expect(contributionOf(own, name)?.expired ?? 0).toBe(0);
});

describe('waking', () => {
  test('an idle grid does next to nothing', () => {
    const { simulator, owner } = gridOf(10);
    finish(simulator, submit(simulator, owner, 2));
    simulator.runFor(60_000);
    const before = simulator.trace.count;
    simulator.runFor(60_000);
    // Three peers ask each other whether they are there, and swap samples of whom they know.
    expect(simulator.trace.count - before).toBeLessThan(200);
    expect(simulator.trace.count - before).toBeGreaterThan(10);
  });

  test('a peer alone with nothing to do hardly wakes', () => {
    const simulator = simulatorOf(11);
    finish(simulator, submit(simulator, simulator.addPeer({ self: anna }), 1));
    simulator.runFor(60_000);
    const before = simulator.trace.count;
    simulator.runFor(60_000);
    expect(simulator.trace.count - before).toBeLessThan(10);
  });

  test('a job that waits for somebody costs a few events a second', () => {
    const simulator = simulatorOf(12);
    submit(simulator, simulator.addPeer({ self: anna }), 2);
    simulator.runFor(10_000);
    const before = simulator.trace.count;
    simulator.runFor(60_000);
    expect(simulator.trace.count - before).toBeLessThan(300);
  });

  test('a peer keeps trying its entrance, however its timers fire', () => {
    const simulator = simulatorOf(13);
    const entrance = simulator.addPeer({ self: anna });
    simulator.crash(entrance, 'killed');
    const waiting = simulator.addPeer({ self: bert, entrances: [entrance.address] });
    simulator.runFor(10 * 60_000);
    simulator.restart(entrance, 'kept');
    simulator.runFor(2 * 60_000);
    expect([...waiting.peer.neighbours.keys()]).toEqual([anna]);
  });

  test('a tick that comes too early is followed by the same wake again', () => {
    const peer = new Peer({ ...alone, addresses: () => [], entrances: ['one:1'] });
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

test('what a peer says to itself stays inside, but for leases, which need their inputs', () => {
  const peer = new Peer(alone);
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
  const ref = programRef(spec);
  expect(running).toEqual([
    { type: 'run', run: 1, job, program, ref, limits: spec.limits, chunks: inputs },
  ]);
  const { outcome } = resultOf(lease);
  const outcomes = [{ outcome, computeMs: 3 }];
  expect(
    peer.handle({ type: 'run-done', run: 1, outcomes }, at(9)).map(({ type }) => type),
  ).toEqual(['keep-statement', 'store-results', 'all-accepted', 'wake']);
});

test('own results of a job that compares them go outside first', () => {
  const peer = new Peer(alone);
  peer.handle({ type: 'tick' }, at(0));
  const spec = specOf({ trust: { quorum: 1 }, comparison: 'equals' });
  peer.handle({ type: 'submit', job, spec }, at(1));
  const [sign] = ofType(peer.handle({ type: 'chunks-added', job, count: 1 }, at(2)), 'sign-offer');
  if (sign === undefined) throw new Error('no offer');
  peer.handle({ type: 'offer-signed', offer: signedOf(sign.offer) }, at(4));
  peer.handle({ type: 'program-ready', program: programKey(spec, 2 ** 26) }, at(5));
  const [leased] = leasedChunks(0, 1);
  if (leased === undefined) throw new Error('no chunk');
  const chunks = [{ ...leased, lease: 1 }];
  const leases = { type: 'leases', job, leaseMs: 12_000, chunks } as const;
  peer.handle({ type: 'requester-message', from: self, message: leases }, at(6));
  const { outcome } = resultOf(leased);
  const outcomes = [{ outcome, computeMs: 3 }];
  const effects = peer.handle({ type: 'run-done', run: 1, outcomes }, at(9));
  const replicas = [{ lease: 1, chunk: 0, outcome, computeMs: 3 }];
  const message = { type: 'results', frame: { job, replicas } } as const;
  expect(ofType(effects, 'send-to-requester')).toEqual([
    { type: 'send-to-requester', to: self, message },
  ]);
  expect(ofType(effects, 'store-results')).toEqual([]);
  const back = peer.handle({ type: 'volunteer-message', from: self, message }, at(10));
  expect(ofType(back, 'store-results')).toHaveLength(1);
});

test('what follows from what a peer says to itself comes after what it had decided before', () => {
  const peer = new Peer(alone);
  peer.handle({ type: 'tick' }, at(0));
  const spec = specOf({ trust: { quorum: 1 } });
  peer.handle({ type: 'submit', job, spec }, at(1));
  const [sign] = ofType(peer.handle({ type: 'chunks-added', job, count: 10 }, at(2)), 'sign-offer');
  if (sign === undefined) throw new Error('no offer');
  peer.handle({ type: 'offer-signed', offer: signedOf(sign.offer) }, at(3));
  const program = programKey(spec, spec.limits.memoryBytesMax);
  peer.handle({ type: 'program-ready', program }, at(4));
  const chunks = [1, 2, 3].map((lease) => ({ lease, chunk: lease - 1, input: Uint8Array.of(0) }));
  const message = { type: 'leases', job, leaseMs: 12_000, chunks } as const;
  const [run] = ofType(
    peer.handle({ type: 'requester-message', from: self, message }, at(5)),
    'run',
  );
  expect(run?.chunks).toEqual(chunks.slice(0, 1));
  const { outcome } = resultOf({ lease: 1, chunk: 0 });
  const done = { type: 'run-done', run: 1, outcomes: [{ outcome, computeMs: 3 }] } as const;
  expect(peer.handle(done, at(6)).map(({ type }) => type)).toEqual([
    'run',
    'send-to-volunteer',
    'wake',
  ]);
  expect(peer.handle({ type: 'tick' }, at(56)).map(({ type }) => type)).toEqual([
    'keep-statement',
    'store-results',
    'wake',
  ]);
});
