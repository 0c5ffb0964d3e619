import { expect, test } from 'vitest';

import type { Evidence } from '../../../src/model/evidence.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import { EvidenceBook } from '../../../src/protocol/evidence-book.ts';
import { EvidenceChecks } from '../../../src/protocol/evidence-checks.ts';
import { createRandom } from '../../../src/protocol/random.ts';
import { Standings } from '../../../src/protocol/standings.ts';
import { evidenceOf } from '../../support/protocol-accusations.ts';
import {
  anna,
  at,
  bert,
  cora,
  digestNumbered,
  dora,
  self,
} from '../../support/protocol-fixtures.ts';

function checksWith(seed: number, ...pieces: Partial<Evidence>[]) {
  const standings = new Standings();
  const book = new EvidenceBook(self, standings);
  for (const [index, changes] of pieces.entries()) {
    book.receive(changes.accuser ?? anna, evidenceOf(index, changes), at(0));
  }
  const checks = new EvidenceChecks(book, createRandom(seed));
  const met = new Set<PeerId>();
  const tick = (ms: number, idleSinceMs: number | undefined = 0) =>
    checks.tick(at(ms), idleSinceMs, (peer) => met.has(peer));
  return { checks, book, standings, met, tick };
}

const check = (number: number, changes: Partial<Evidence> = {}) => ({
  type: 'check-evidence',
  evidence: evidenceOf(number, changes),
});
const minute = 60_000;

test('with nothing to check there is nothing to do', () => {
  const { checks, tick } = checksWith(1);
  expect([checks.dueAtMs, tick(minute)]).toEqual([Infinity, []]);
});

test('a piece is checked once this peer has been idle for five seconds', () => {
  const { checks, tick } = checksWith(1, {});
  expect(checks.dueAtMs).toBe(0);
  expect(tick(0, undefined)).toEqual([]);
  expect(checks.dueAtMs).toBe(1_000);
  expect(tick(1_000, 500)).toEqual([]);
  expect(tick(5_499, 500)).toEqual([]);
  expect(tick(6_499, 500)).toEqual([check(0)]);
  expect(checks.dueAtMs).toBe(Infinity);
});

test('what comes out as the accuser says convicts the accused', () => {
  const { checks, book, tick } = checksWith(1, {});
  tick(6_000);
  expect(checks.checked(digestNumbered(0), 'true', 6_100)).toEqual({
    peer: bert,
    why: 'returned a wrong result: chunk 7 of job a0000000',
  });
  expect(book.lastSettled(9)).toEqual([evidenceOf(0)]);
  expect(checks.counts).toEqual({ proven: 1, refuted: 0, unknown: 0 });
});

test('what comes out as the accused has signed convicts the accuser', () => {
  const { checks, book, met, tick } = checksWith(1, {}, { culprit: cora });
  met.add(bert);
  expect(tick(6_000)).toEqual([check(0)]);
  expect(checks.checked(digestNumbered(0), 'false', 6_100)).toEqual({
    peer: anna,
    why: 'accused bert2222 of a wrong result that is right: chunk 7 of job a0000000',
  });
  expect(book.lastSettled(9)).toEqual([evidenceOf(0)]);
  expect(checks.counts.refuted).toBe(1);
});

test('where anything else comes out nobody is refused, and it is tried three times', () => {
  const { checks, book, tick } = checksWith(1, {});
  for (const atMs of [0, 10 * minute, 20 * minute].map((ms) => ms + 6_000)) {
    expect(tick(atMs - 1_001)).toEqual([]);
    expect(tick(atMs)).toEqual([check(0)]);
    expect(checks.checked(digestNumbered(0), 'unknown', atMs)).toBeUndefined();
  }
  expect(book.hasUnchecked).toBe(false);
  expect(checks.counts.unknown).toBe(3);
});

test('one in a minute, and a tenth of the time at most', () => {
  const { checks, tick } = checksWith(1, {}, { accuser: cora }, { accuser: dora });
  const [first] = tick(10_000);
  if (first?.type !== 'check-evidence') throw new Error('no check');
  checks.checked(first.evidence.id, 'unknown', 10_500);
  expect(checks.dueAtMs).toBe(10_000 + minute);
  const [second] = tick(10_000 + minute);
  if (second?.type !== 'check-evidence') throw new Error('no check');
  expect(second.evidence.id).not.toBe(first.evidence.id);
  const longMs = 50_000;
  checks.checked(second.evidence.id, 'unknown', 10_000 + minute + longMs);
  expect(checks.dueAtMs).toBe(10_000 + minute + 10 * longMs);
});

test('what concerns peers that this one has to do with comes first', () => {
  const { met, tick } = checksWith(1, { culprit: cora }, { culprit: dora }, { culprit: bert });
  met.add(dora);
  expect(tick(6_000)).toEqual([check(1, { culprit: dora })]);
});

test('no neighbour has it look into nothing but what that one brings', () => {
  const flood = Array.from({ length: 15 }, (_, index) => ({ chunk: index }));
  let fromCora = 0;
  for (let seed = 0; seed < 100; seed++) {
    const { tick } = checksWith(seed, ...flood, { accuser: cora });
    const [effect] = tick(6_000);
    if (effect?.type !== 'check-evidence') throw new Error('no check');
    if (effect.evidence.evidence.accuser === cora) fromCora += 1;
  }
  expect(fromCora).toBeGreaterThan(30);
});

test('an answer that nobody waits for changes nothing', () => {
  const { checks } = checksWith(1, {});
  expect(checks.checked(digestNumbered(0), 'true', 1)).toBeUndefined();
  expect(checks.counts.proven).toBe(0);
});
