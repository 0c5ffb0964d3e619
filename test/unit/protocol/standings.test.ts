import { expect, test } from 'vitest';

import type { Standing } from '../../../src/model/standing.ts';
import { limits } from '../../../src/model/limits.ts';
import { Standings, whyWrong } from '../../../src/protocol/standings.ts';
import {
  anna,
  bert,
  cora,
  dora,
  jobNumbered,
  peerNumbered,
  startUnixMs,
} from '../../support/protocol-fixtures.ts';

const dayMs = 24 * 3_600_000;

function standingsAt(nowMs: number, known: readonly Standing[] = []): Standings {
  const standings = new Standings(known);
  standings.nowMs = nowMs;
  return standings;
}

test('of a stranger nothing is known', () => {
  const standings = new Standings();
  expect([standings.passed(anna), standings.isCaught(anna)]).toEqual([0, false]);
  expect(standings.takeChanged()).toEqual([]);
});

test('passed checks add up', () => {
  const standings = standingsAt(startUnixMs);
  for (let times = 0; times < 3; times++) standings.pass(anna);
  standings.pass(bert);
  expect([anna, bert].map((peer) => standings.passed(peer))).toEqual([3, 1]);
});

test('what was passed long ago counts less, half of it after half a year', () => {
  const standings = standingsAt(startUnixMs);
  for (let times = 0; times < 8; times++) standings.pass(anna);
  standings.nowMs += 180 * dayMs;
  expect(standings.passed(anna)).toBeCloseTo(4, 9);
  standings.nowMs += 180 * dayMs;
  expect(standings.passed(anna)).toBeCloseTo(2, 9);
  // What is left counts in full from now on.
  standings.pass(anna);
  expect(standings.passed(anna)).toBeCloseTo(3, 9);
});

test('a clock that goes back makes nobody more credible', () => {
  const standings = standingsAt(startUnixMs);
  standings.pass(anna);
  standings.nowMs -= 360 * dayMs;
  expect(standings.passed(anna)).toBe(1);
});

test('who is caught has passed nothing, and stays caught', () => {
  const standings = standingsAt(startUnixMs);
  for (let times = 0; times < 100; times++) standings.pass(anna);
  standings.catch(anna, 'lied');
  expect([standings.passed(anna), standings.isCaught(anna)]).toEqual([0, true]);
  standings.nowMs += 3_600 * dayMs;
  expect(standings.isCaught(anna)).toBe(true);
});

test('those that changed are told once, to be kept, and known again at the next start', () => {
  const standings = standingsAt(startUnixMs);
  standings.pass(anna);
  standings.catch(bert, 'lied');
  standings.pass(anna);
  const seenAtMs = startUnixMs;
  const changed = standings.takeChanged();
  expect(changed).toEqual([
    { peer: anna, passed: 2, isCaught: false, seenAtMs },
    { peer: bert, passed: 0, isCaught: true, why: 'lied', seenAtMs },
  ]);
  expect(standings.takeChanged()).toEqual([]);
  standings.pass(bert);
  expect(standings.takeChanged().map(({ peer }) => peer)).toEqual([bert]);

  const again = standingsAt(startUnixMs + 180 * dayMs, changed);
  expect([again.passed(anna), again.isCaught(anna)]).toEqual([1, false]);
  expect([again.passed(bert), again.isCaught(bert)]).toEqual([0, true]);
  expect(again.caught).toEqual([{ peer: bert, why: 'lied' }]);
  expect(again.takeChanged()).toEqual([]);
});

test('why a peer is refused can be told, the last one caught first', () => {
  const standings = standingsAt(startUnixMs);
  standings.pass(cora);
  standings.catch(anna, whyWrong(jobNumbered(1), { chunk: 7 }));
  standings.catch(bert, 'lied');
  const why = 'returned a wrong result: chunk 7 of job a0000000';
  expect(standings.caught).toEqual([
    { peer: bert, why: 'lied' },
    { peer: anna, why },
  ]);
  expect(standings.refusal(anna)).toBe(`is of anna2222, which ${why}`);
  expect(standings.refusal(cora)).toBeUndefined();
});

test('past the most those seen longest ago make room', () => {
  const known = Array.from({ length: limits.standingsMax + 1 }, (_, number) => {
    return { peer: peerNumbered(number), passed: 1, isCaught: false, seenAtMs: number };
  });
  // However they were kept.
  const standings = standingsAt(limits.standingsMax, known.toReversed());
  const passed = (number: number): boolean => standings.passed(peerNumbered(number)) > 0;
  expect([0, 1, 2].map(passed)).toEqual([false, true, true]);
  standings.pass(peerNumbered(1));
  standings.pass(cora);
  expect([1, 2, 3].map(passed)).toEqual([true, false, true]);
  expect(standings.passed(cora)).toBe(1);
});

test('who was caught by others and never met is the first to make room', () => {
  const known = Array.from({ length: limits.standingsMax - 2 }, (_, number) => {
    return { peer: peerNumbered(number), passed: 1, isCaught: false, seenAtMs: number + 1 };
  });
  const standings = standingsAt(limits.standingsMax, known);
  standings.catchUnmet(anna, 'lied');
  standings.catchUnmet(bert, 'lied');
  expect([anna, peerNumbered(0), dora].map((peer) => standings.hasMet(peer))).toEqual([
    false,
    true,
    false,
  ]);
  standings.pass(cora);
  const isKnown = [anna, bert, cora].map((peer) => standings.refusal(peer) !== undefined);
  expect(isKnown).toEqual([false, true, false]);
  expect(standings.passed(peerNumbered(0))).toBe(1);
  // At the next start as well.
  const kept = standings.takeChanged();
  const again = standingsAt(limits.standingsMax, [...known, ...kept]);
  again.pass(dora);
  expect([again.isCaught(bert), again.passed(peerNumbered(0))]).toEqual([false, 1]);
});

test('who was never met until it lied here makes room as all others do', () => {
  const standings = standingsAt(startUnixMs);
  standings.catchUnmet(anna, 'lied');
  standings.catch(anna, 'lied here');
  expect([standings.hasMet(anna), standings.caught]).toEqual([
    true,
    [{ peer: anna, why: 'lied here' }],
  ]);
});
