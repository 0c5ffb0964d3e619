import { expect } from 'vitest';

import { peerId } from '../../src/model/ids.ts';
import type { Standing } from '../../src/model/standing.ts';
import { EVIDENCE_LIVES_MS } from '../../src/protocol/accusations/evidence-book.ts';
import { evidenceOf } from '../support/protocol-accusations.ts';
import { digestNumbered } from '../support/protocol-fixtures.ts';
import { accusations } from '../support/simulator/scenarios/accusations.ts';
import { simulate } from '../support/simulator/seeds.ts';
import { signEvidence } from '../support/simulator/signature.ts';
import { rightDigest } from '../support/simulator/simulated-job.ts';
import { Simulator } from '../support/simulator/simulator.ts';

const minuteMs = 60_000;
const grid = { correct: 40, hostile: 4, ms: 20 * minuteMs };

simulate('false evidence costs who signs it, and nobody else', [1, 2], (seed) => {
  const figures = accusations({ ...grid, seed, names: 'own', everyMs: 20_000 });
  expect(figures.honestRefused).toBe(0);
  expect(figures.refuseAllHostile).toBeGreaterThan(grid.correct * 0.8);
  // All but its accuser, who knows anyway.
  expect(figures.refuseLiar).toBe(grid.correct - 1);
  expect(figures.checksPerMinuteMax).toBeLessThan(1);
  expect(figures.misbehavedByMistake).toBe(0);
});

simulate(
  'a flood of it under many names gets nowhere, and does not hide what is true',
  [1, 2],
  (seed) => {
    const figures = accusations({ ...grid, seed, names: 'free', everyMs: 10_500 });
    expect(figures.honestRefused).toBe(0);
    expect(figures.refuseLiar).toBeGreaterThan(grid.correct * 0.8);
    // Nobody passes on what it could not check.
    expect(figures.checksPerMinuteMax).toBeLessThan(1.1);
    expect(figures.sentPerMinuteMax).toBeLessThan(2);
    expect(figures.misbehavedByMistake).toBe(0);
  },
);

simulate('what is true of names made up for it does not hide who lied', [1, 2], (seed) => {
  const figures = accusations({
    ...grid,
    seed,
    names: 'own',
    accused: 'made-up',
    everyMs: 10_500,
  });
  expect(figures.honestRefused).toBe(0);
  expect(figures.refuseLiar).toBeGreaterThan(grid.correct * 0.9);
  // Two of each network, and then seldom.
  expect(figures.checksPerMinuteMax).toBeLessThan(0.6);
  expect(figures.misbehavedByMistake).toBe(0);
});

simulate('who floods faster than that is parted with', [1], (seed) => {
  const figures = accusations({ ...grid, seed, names: 'free', everyMs: 500, ms: 5 * minuteMs });
  expect(figures.misbehaved).toBeGreaterThan(grid.hostile);
  expect(figures.misbehavedByMistake).toBe(0);
  expect(figures.honestRefused).toBe(0);
  expect(figures.refuseLiar).toBeGreaterThan(grid.correct / 2);
});

simulate('who was met is remembered longer than who was not', [1], (seed) => {
  const simulator = new Simulator({ seed });
  const accuser = simulator.addPeer();
  const checker = simulator.addPeer({ entrances: [accuser.address] });
  const kept: Standing[] = [];
  simulator.observer = ({ self }, _event, effects) => {
    if (self !== checker.self) return;
    for (const effect of effects) {
      if (effect.type === 'keep-standings') kept.push(...effect.standings);
    }
  };
  simulator.runFor(minuteMs);
  const nobody = peerId('nobody'.padEnd(52, '7'));
  // Both are of the same address, and the first one is true.
  for (const [number, isTrue] of [true, false].entries()) {
    const { evidence } = evidenceOf(0);
    const right = rightDigest(evidence.job, evidence.chunk);
    const signed = signEvidence(accuser.self, digestNumbered(number + 1), {
      ...evidence,
      accuser: accuser.self,
      addresses: [accuser.address],
      culprit: isTrue ? nobody : peerId('honest'.padEnd(52, '7')),
      said: isTrue ? digestNumbered(0xbad) : right,
      accepted: isTrue ? right : digestNumbered(0xbad),
      issuedAtMs: accuser.now().unixMs,
    });
    simulator.handle(accuser, { type: 'evidence-signed', evidence: signed });
    simulator.runFor(2 * minuteMs);
  }
  simulator.handle(checker, { type: 'stop' });
  const seen = new Map(kept.map(({ peer, seenAtMs }) => [peer, seenAtMs]));
  expect([seen.get(nobody), (seen.get(accuser.self) ?? 0) > 0]).toEqual([0, true]);
});

simulate('a requester that accuses its volunteers finds none any more', [1, 2], (seed) => {
  const simulator = new Simulator({ seed });
  const requester = simulator.addPeer({ conduct: { slots: 0 } });
  const others = Array.from({ length: 6 }, () =>
    simulator.addPeer({ entrances: [requester.address] }),
  );
  const first = simulator.submit(requester, { chunks: 50, quorum: 1 });
  expect(simulator.runUntil(() => first.state === 'accepted', 10 * minuteMs)).toBe(true);
  for (const [index, { self: culprit }] of others.entries()) {
    const { evidence } = evidenceOf(0);
    const said = rightDigest(first.id, index);
    const signed = signEvidence(requester.self, digestNumbered(index + 1), {
      ...evidence,
      accuser: requester.self,
      addresses: [requester.address],
      culprit,
      job: first.id,
      chunk: index,
      said,
      issuedAtMs: requester.now().unixMs,
    });
    simulator.handle(requester, { type: 'evidence-signed', evidence: signed });
  }
  simulator.runFor(2 * minuteMs);
  const honest = new Set(others.map(({ self }) => self));
  for (const { peer } of others) {
    expect(peer.status().refused.map((each) => each.peer)).toEqual([requester.self]);
  }
  const second = simulator.submit(requester, { chunks: 50, quorum: 1 });
  simulator.runFor(2 * minuteMs);
  expect(second.state).toBe('running');
  expect(requester.peer.ownJob(second.id)?.report(simulator.nowMs).contributions).toEqual([]);
  for (const { peer } of others) {
    expect(peer.status().declined).toMatchObject([{ requester: requester.self }]);
  }
  // Others of them still work with each other.
  const [one] = others;
  if (one === undefined) throw new Error('there are six');
  const third = simulator.submit(one, { chunks: 50, quorum: 2 });
  expect(simulator.runUntil(() => third.state === 'accepted', 10 * minuteMs)).toBe(true);
  expect(honest.size).toBe(6);
  expect(simulator.nowMs).toBeLessThan(EVIDENCE_LIVES_MS);
});
