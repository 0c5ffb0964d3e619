/** The simulator itself: what it promises to those who write scenarios. */

import { describe, expect, test } from 'vitest';

import { settle } from '../support/simulator/liveness.ts';
import { replayable, seedsOf, simulate } from '../support/simulator/seeds.ts';
import type { SimulatedPeer } from '../support/simulator/simulated-peer.ts';
import { Simulator, type SimulatorOptions } from '../support/simulator/simulator.ts';
import { offerOf } from '../support/protocol-fixtures.ts';

/** Peers that join through the first, half a minute later. */
function gridOf(count: number, options: SimulatorOptions) {
  const simulator = new Simulator(options);
  const first = simulator.addPeer();
  for (let added = 1; added < count; added++) simulator.addPeer({ entrances: [first.address] });
  simulator.runFor(30_000);
  return { simulator, first };
}

function oneOf(simulator: Simulator, peers: readonly SimulatedPeer[]): SimulatedPeer {
  const peer = peers[Math.floor(simulator.random.next() * peers.length)];
  if (peer === undefined) throw new Error('there is no peer');
  return peer;
}

/** Something goes wrong every few seconds, for a while; the first peer is spared. */
function trouble(simulator: Simulator, rounds: number): void {
  const [, ...others] = simulator.peers;
  for (let round = 0; round < rounds; round++) {
    const peer = oneOf(simulator, others);
    const kind = Math.floor(simulator.random.next() * 6);
    if (!peer.isUp) simulator.restart(peer, kind < 3 ? 'kept' : 'lost');
    else if (kind === 0) simulator.crash(peer, 'killed');
    else if (kind === 1) simulator.crash(peer, 'power-lost');
    else if (kind === 2) simulator.freeze(peer, 30_000 * simulator.random.next());
    else if (kind === 3) simulator.partition([peer], simulator.peers.slice(0, 4), 'one-way');
    else if (kind === 4) simulator.clog(peer, oneOf(simulator, simulator.peers), 5_000);
    else simulator.slow(peer, 1 + 9 * simulator.random.next());
    simulator.runFor(4_000 * simulator.random.next());
    if (round % 8 === 7) simulator.heal();
  }
}

function everythingAtOnce(seed: number): Simulator {
  const network = { spread: 0.5, lossRate: 0.01, dialLossRate: 0.05 };
  const { simulator, first } = gridOf(16, { seed, network });
  for (let added = 0; added < 4; added++) {
    const conduct = { wrongShare: 0.3, failShare: 0.01, hangShare: 0.1 };
    simulator.addPeer({ entrances: [first.address], conduct });
  }
  simulator.submit(first, { chunks: 400, chunkMs: 4_000 });
  // Of an honest one: what fails at the requester itself has failed.
  simulator.submit(oneOf(simulator, simulator.peers.slice(0, 16)), { chunks: 100, quorum: 3 });
  trouble(simulator, 40);
  settle(simulator, 300_000);
  return simulator;
}

simulate('jobs of living requesters finish, right, whatever broke before', [1, 2, 3], (seed) => {
  const simulator = everythingAtOnce(seed);
  const [job, other] = simulator.jobs.values();
  expect([job?.state, job?.results.size, job?.wrong()]).toEqual(['accepted', 400, []]);
  expect(['accepted', 'lost']).toContain(other?.state);
});

describe('one seed', () => {
  test('gives one trace, with everything that can go wrong', () => {
    const [one, same, other] = [4, 4, 5].map(everythingAtOnce);
    expect(one?.trace.count).toBeGreaterThan(5_000);
    expect([same?.trace.hash, same?.nowMs]).toEqual([one?.trace.hash, one?.nowMs]);
    expect(other?.trace.hash).not.toBe(one?.trace.hash);
  });

  test('gives another trace when one thing more happens', () => {
    const { simulator } = gridOf(5, { seed: 1 });
    const { simulator: disturbed } = gridOf(5, { seed: 1 });
    expect(disturbed.trace.hash).toBe(simulator.trace.hash);
    const [, peer] = disturbed.peers;
    if (peer !== undefined) disturbed.handle(peer, { type: 'resume' });
    expect(disturbed.trace.hash).not.toBe(simulator.trace.hash);
    expect(simulator.trace.hash).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('a peer', () => {
  test('that kept what it knew comes back as itself, without an entrance', () => {
    const simulator = new Simulator({ seed: 1 });
    const entrance = simulator.addPeer();
    for (let added = 0; added < 6; added++) simulator.addPeer({ entrances: [entrance.address] });
    simulator.runFor(180_000);
    const [, peer] = simulator.peers;
    if (peer === undefined) throw new Error('there is no peer');
    const { self } = peer;
    simulator.crash(entrance, 'killed');
    simulator.crash(peer, 'killed');
    expect([peer.isUp, entrance.isUp]).toEqual([false, false]);
    simulator.runFor(10_000);
    simulator.restart(peer, 'kept');
    simulator.runFor(60_000);
    expect([peer.self, peer.peer.neighbours.size > 0]).toEqual([self, true]);
  });

  test('that lost everything comes back at the same address as another', () => {
    const { simulator, first } = gridOf(3, { seed: 2 });
    const peer = oneOf(simulator, simulator.peers.slice(1));
    const { self, address } = peer;
    simulator.crash(peer, 'power-lost');
    simulator.restart(peer, 'lost');
    simulator.runFor(60_000);
    expect(peer.address).toBe(address);
    expect(peer.self).not.toBe(self);
    expect([...first.peer.neighbours.keys()]).toContain(peer.self);
    expect([...first.peer.neighbours.keys()]).not.toContain(self);
  });

  test('that runs can not be started again', () => {
    const { simulator, first } = gridOf(1, { seed: 3 });
    expect(() => simulator.restart(first, 'kept')).toThrow('#0 runs already');
  });

  test('that is frozen handles nothing, and everything afterwards', () => {
    const { simulator, first } = gridOf(3, { seed: 4 });
    let handled = 0;
    simulator.observer = (peer) => {
      if (peer === first) handled += 1;
    };
    simulator.freeze(first, 15_000);
    simulator.runFor(14_999);
    expect(handled).toBe(0);
    simulator.runFor(2);
    expect(handled).toBeGreaterThan(1);
  });

  test('that loses its power loses its jobs', () => {
    const { simulator, first } = gridOf(2, { seed: 5 });
    const job = simulator.submit(first, { chunkMs: 10_000 });
    simulator.crash(first, 'power-lost');
    expect(job.state).toBe('lost');
  });

  test('has clocks of its own', () => {
    const clocks = { driftMax: 1e-2, unixOffMsMax: 5_000 };
    const { simulator, first } = gridOf(2, { seed: 6, clocks });
    const other = oneOf(simulator, simulator.peers.slice(1));
    const [before, otherBefore] = [first.now(), other.now()];
    expect(Math.abs(before.unixMs - otherBefore.unixMs)).toBeLessThan(10_700);
    expect(before.unixMs).not.toBe(otherBefore.unixMs);
    simulator.runFor(100_000);
    const [ms, otherMs] = [first.now().ms - before.ms, other.now().ms - otherBefore.ms];
    expect(Math.abs(ms - 100_000)).toBeLessThan(1_000.1);
    expect(Math.abs(ms - otherMs)).toBeGreaterThan(1);
  });
});

test('halves that can not hear each other part, and are one again when they can', () => {
  const { simulator } = gridOf(20, { seed: 7 });
  const [here, there] = [simulator.peers.slice(0, 10), simulator.peers.slice(10)];
  const across = (): number => {
    const others = new Set(there.map(({ self }) => self));
    return here.flatMap(({ peer }) => [...peer.neighbours.keys()]).filter((id) => others.has(id))
      .length;
  };
  expect(across()).toBeGreaterThan(0);
  simulator.partition(here, there);
  simulator.runFor(60_000);
  expect(across()).toBe(0);
  simulator.heal();
  expect(simulator.runUntil(() => across() > 0, 600_000)).toBe(true);
});

test('an actor hears what a peer hears, says what it likes, and is held to its signature', () => {
  const { simulator, first } = gridOf(3, { seed: 8 });
  const heard: string[] = [];
  const actor = simulator.addActor(({ host, after }) => {
    after(100, () => host.dial(first.address));
    return (event) => {
      heard.push(event.type);
      if (event.type !== 'link-up') return;
      const { signed } = host.signOffer(offerOf({ requester: host.self }).offer);
      host.sendOverlay(event.peer, { type: 'gossip', offer: { ...offerOf(), signed }, hops: 1 });
    };
  });
  const downs: boolean[] = [];
  simulator.observer = (peer, event) => {
    if (peer !== first || event.type !== 'link-down' || event.peer !== actor.self) return;
    downs.push(event.offence);
  };
  simulator.runFor(10_000);
  expect(heard.slice(0, 2)).toEqual(['link-up', 'link-down']);
  expect(downs).toEqual([true]);
});

describe('what does not hold', () => {
  /** Liars who agree are more than the job's quorum can tell. */
  function fooled(seed: number): void {
    const { simulator, first } = gridOf(1, { seed });
    const conduct = { wrongShare: 1, colludes: true };
    for (let added = 0; added < 3; added++) {
      simulator.addPeer({ entrances: [first.address], conduct });
    }
    simulator.runFor(10_000);
    simulator.submit(first);
    simulator.runFor(600_000);
  }

  test('is told with the seed, the time and what happened last', () => {
    expect(() => fooled(9)).toThrow(
      /^invariant broken: a wrong result of chunk \d+ .*\nseed 9, at \d+\.\d+ ms.*\n( {2}.*\n)+/,
    );
  });

  test('is told with the one command that has it again', async () => {
    const name = 'nobody is "fooled" (ever)';
    await expect(replayable(name, 9, fooled)).rejects.toThrow(
      'SEED=9 npm run test:simulation -- -t "nobody is .fooled. .ever."',
    );
  });

  test('is a job that nobody can finish, with the reason', () => {
    const { simulator, first } = gridOf(1, { seed: 10 });
    simulator.submit(first);
    expect(() => settle(simulator, 60_000)).toThrow(
      /not done within 60000 ms of peace:\n {2}#0 job 1: 0 of 100 chunks; .*only 1 computes/,
    );
  });

  test('is no matter of chance where it is allowed', () => {
    const { simulator, first } = gridOf(1, { seed: 11, mayBeFooled: true });
    const conduct = { wrongShare: 1, colludes: true };
    for (let added = 0; added < 3; added++) {
      simulator.addPeer({ entrances: [first.address], conduct });
    }
    simulator.runFor(10_000);
    const job = simulator.submit(first);
    settle(simulator, 600_000);
    expect([job.state, job.wrong().length > 0]).toEqual(['accepted', true]);
  });
});

describe('seeds', () => {
  test.each([
    [{}, [1, 2]],
    [{ SEEDS: '0' }, [1, 2]],
    [{ SEED: '123' }, [123]],
    [{ SEED: '123', SEEDS: '5' }, [123]],
  ])('%j chooses %j', (chosen, expected) => {
    expect(seedsOf([1, 2], chosen)).toEqual(expected);
  });

  test('fresh ones come after the fixed ones', () => {
    const seeds = seedsOf([1, 2], { SEEDS: '50' });
    expect(seeds.slice(0, 2)).toEqual([1, 2]);
    expect(new Set(seeds).size).toBeGreaterThan(45);
  });

  test('what is no number is an error', () => {
    expect(() => seedsOf([], { SEED: 'x' })).toThrow('SEED should be a whole number');
  });
});
