import { expect, test } from 'vitest';

import { AuditEquivalents } from '../../../src/runtime/audit-equivalents.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

const digests = Array.from({ length: 300 }, (_, at) => digestNumbered(at)).sort();
const digestAt = (at: number) => {
  const digest = digests[at];
  if (digest === undefined) throw new Error(`there is no digest ${at}`);
  return digest;
};

test('each counts as what was said, in its own chunk', () => {
  const equivalents = new AuditEquivalents();
  for (let chunk = 0; chunk < 30; chunk += 2) {
    for (let at = 0; at < 20; at += 2) {
      const of = digestAt(200 + chunk);
      expect(equivalents.add({ chunk, digest: digestAt(at), of })).toBe(true);
    }
  }
  expect(equivalents.of(4, digestAt(6))).toBe(digestAt(204));
  expect(equivalents.of(28, digestAt(18))).toBe(digestAt(228));
  expect(equivalents.of(5, digestAt(6))).toBe(digestAt(6));
  expect(equivalents.of(4, digestAt(7))).toBe(digestAt(7));
});

test('what is out of its order is left out', () => {
  const equivalents = new AuditEquivalents();
  const add = (chunk: number, at: number) =>
    equivalents.add({ chunk, digest: digestAt(at), of: digestAt(299) });
  expect([add(1, 5), add(1, 5), add(1, 4), add(0, 9), add(1, 6), add(2, 0)]).toEqual([
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(equivalents.of(1, digestAt(4))).toBe(digestAt(4));
});
