import { expect, test } from 'vitest';

import type { Evidence, EvidenceVerdict } from '../../../../src/model/evidence.ts';
import type { Digest, PeerId } from '../../../../src/model/ids.ts';
import { EvidenceBook } from '../../../../src/protocol/accusations/evidence-book.ts';
import { EvidenceChecks } from '../../../../src/protocol/accusations/evidence-checks.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { evidenceOf } from '../../../support/protocol-accusations.ts';
import {
  anna,
  at,
  bert,
  cora,
  digestNumbered,
  dora,
  peerNumbered,
  self,
} from '../../../support/protocol-fixtures.ts';

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
  /** A check ends. */
  const end = (
    number: number | Digest,
    verdict: EvidenceVerdict,
    ms: number,
    { ranMs = 0, address = 'anna:1' }: { ranMs?: number; address?: string } = {},
  ) => {
    const id = typeof number === 'number' ? digestNumbered(number) : number;
    return checks.checked({ type: 'evidence-checked', id, verdict, ranMs, address }, ms);
  };
  return { checks, book, standings, met, tick, end };
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
  const { checks, book, tick, end } = checksWith(1, {});
  tick(6_000);
  expect(end(0, 'true', 6_100)).toEqual({
    peer: bert,
    why: 'returned a wrong result: chunk 7 of job a0000000',
  });
  expect(book.lastSettled(9, at(0))).toEqual([evidenceOf(0)]);
  expect(checks.counts).toEqual({ proven: 1, refuted: 0, unknown: 0 });
});

test('what comes out as the accused has signed convicts the accuser', () => {
  const { checks, book, met, tick, end } = checksWith(1, {}, { culprit: cora });
  met.add(bert);
  expect(tick(6_000)).toEqual([check(0)]);
  expect(end(0, 'false', 6_100)).toEqual({
    peer: anna,
    why: 'accused bert2222 of a wrong result that is right: chunk 7 of job a0000000',
  });
  expect(book.lastSettled(9, at(0))).toEqual([evidenceOf(0)]);
  expect(checks.counts.refuted).toBe(1);
});

test('where anything else comes out nobody is refused, and it is tried three times', () => {
  const { checks, book, tick, end } = checksWith(1, {});
  for (const atMs of [0, 10 * minute, 20 * minute].map((ms) => ms + 6_000)) {
    expect(tick(atMs - 1_001)).toEqual([]);
    expect(tick(atMs)).toEqual([check(0)]);
    expect(end(0, 'unknown', atMs)).toBeUndefined();
  }
  expect(book.hasUnchecked).toBe(false);
  expect(checks.counts.unknown).toBe(3);
});

test('one in a minute, and a tenth of the time at most', () => {
  const { checks, tick, end } = checksWith(1, {}, { accuser: cora }, { accuser: dora });
  const [first] = tick(10_000);
  if (first?.type !== 'check-evidence') throw new Error('no check');
  end(first.evidence.id, 'unknown', 10_500);
  expect(checks.dueAtMs).toBe(10_000 + minute);
  const [second] = tick(10_000 + minute);
  if (second?.type !== 'check-evidence') throw new Error('no check');
  expect(second.evidence.id).not.toBe(first.evidence.id);
  const longMs = 50_000;
  end(second.evidence.id, 'unknown', 10_000 + minute + longMs, { ranMs: longMs });
  expect(checks.dueAtMs).toBe(10_000 + minute + 10 * longMs);
});

test('an accuser that is slow to send the program delays nothing but its own check', () => {
  const { checks, tick, end } = checksWith(1, {}, { accuser: cora });
  const [first] = tick(10_000);
  if (first?.type !== 'check-evidence') throw new Error('no check');
  end(first.evidence.id, 'unknown', 70_000, { ranMs: 1_000 });
  expect(checks.dueAtMs).toBe(70_000 + 9_000);
});

test('what concerns peers that this one has to do with comes first', () => {
  const { met, tick } = checksWith(1, { culprit: cora }, { culprit: dora }, { culprit: bert });
  met.add(dora);
  expect(tick(6_000)).toEqual([check(1, { culprit: dora })]);
});

const unmet = (count: number, addresses: string[], accuser = anna) =>
  Array.from({ length: count }, () => ({ accuser, addresses }));

/** @returns the pieces that are checked as long as there are any, one in a minute */
function checkedOf(
  { tick, end }: Pick<ReturnType<typeof checksWith>, 'tick' | 'end'>,
  reachedAt: (evidence: Evidence) => string | undefined,
  { fromMs = 0, verdict = 'true' }: { fromMs?: number; verdict?: EvidenceVerdict } = {},
): Evidence[] {
  const checked: Evidence[] = [];
  for (let ms = fromMs + minute; ; ms += minute) {
    const [effect] = tick(ms);
    if (effect?.type !== 'check-evidence') return checked;
    const { id, evidence } = effect.evidence;
    checked.push(evidence);
    const address = reachedAt(evidence);
    end(id, verdict, ms, address === undefined ? {} : { address });
  }
}

/** Each against another name. */
const madeUp = (pieces: Partial<Evidence>[]) =>
  pieces.map((piece, number) => ({ ...piece, culprit: peerNumbered(number) }));

test('of peers that it never met two are looked into of one network, then two an hour', () => {
  const parts = checksWith(1, ...madeUp(unmet(12, ['8.8.1.1:1'])));
  expect(checkedOf(parts, () => '8.8.1.1:1')).toHaveLength(2);
  expect(checkedOf(parts, () => '8.8.2.2:1', { fromMs: 20 * minute })).toHaveLength(0);
  expect(checkedOf(parts, () => '8.8.2.2:1', { fromMs: 32 * minute })).toHaveLength(1);
});

test('another network is in nobody’s way, and comes first when it has told less', () => {
  for (let seed = 0; seed < 20; seed++) {
    const one = unmet(8, ['8.8.1.1:1']);
    const parts = checksWith(seed, ...madeUp([...one, ...unmet(1, ['9.9.1.1:1'])]));
    const places = checkedOf(parts, ({ addresses }) => addresses[0]).map((each) => each.addresses);
    expect(places).toHaveLength(3);
    expect(places.findIndex(([place]) => place === '9.9.1.1:1')).toBeLessThan(2);
  }
});

test('a piece that names a new network each time counts where its accuser is reached', () => {
  const pieces = Array.from({ length: 12 }, (_, index) =>
    unmet(1, [`${index + 20}.1.1.1:1`, '8.8.1.1:1']),
  );
  expect(checkedOf(checksWith(1, ...madeUp(pieces.flat())), () => '8.8.1.1:1')).toHaveLength(2);
});

test('nobody uses up what another network has by naming it', () => {
  const both = unmet(6, ['9.9.1.1:1', '8.8.1.1:1']);
  const honest = unmet(4, ['9.9.1.1:1'], cora);
  const parts = checksWith(1, ...madeUp([...both, ...honest]));
  const checked = checkedOf(parts, ({ addresses }) => addresses.at(-1));
  expect(checked.filter(({ accuser }) => accuser === cora)).toHaveLength(2);
});

test('about peers that it has met as much as there is, and that leaves the others theirs', () => {
  const parts = checksWith(1, ...madeUp(unmet(12, ['8.8.1.1:1'])));
  for (const number of [0, 1, 2, 3, 4, 5]) parts.met.add(peerNumbered(number));
  const checked = checkedOf(parts, () => '8.8.1.1:1').map(({ culprit }) => culprit);
  expect(checked).toHaveLength(8);
  expect(checked.slice(0, 6).every((culprit) => parts.met.has(culprit))).toBe(true);
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
  const { checks, end } = checksWith(1, {});
  expect(end(0, 'true', 1)).toBeUndefined();
  expect(checks.counts.proven).toBe(0);
});
