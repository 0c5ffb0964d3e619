import { expect, test } from 'vitest';

import { Suspicion } from '../../../../src/protocol/overlay/suspicion.ts';
import { anna, bert, cora, dora } from '../../../support/protocol-fixtures.ts';

const suspicion = () => new Suspicion(1, 0, [anna, bert, cora]);

test('it is the shorter the more of those asked don’t reach the suspect', () => {
  const suspected = suspicion();
  const patience = [suspected.patienceMs];
  for (const peer of [anna, bert, cora]) {
    suspected.heed(peer, false);
    patience.push(suspected.patienceMs);
  }
  expect(patience).toEqual([6_000, 4_500, 3_622, 3_000]);
  expect(suspected.verdict).toBe('dead');
});

test('a suspect that somebody reaches has more time, whatever the others say', () => {
  const suspected = suspicion();
  suspected.heed(anna, false);
  suspected.heed(bert, true);
  suspected.heed(cora, false);
  expect([suspected.patienceMs, suspected.verdict]).toEqual([10_000, 'unreachable']);
});

test('each that was asked is heard once, and nobody else', () => {
  const suspected = suspicion();
  suspected.heed(dora, true);
  for (let times = 0; times < 3; times++) suspected.heed(anna, false);
  expect([suspected.patienceMs, suspected.verdict]).toEqual([4_500, 'dead']);
});

test('one without any answer may be this peer’s own fault', () => {
  const suspected = suspicion();
  expect(suspected.isLonely).toBe(true);
  suspected.heed(anna, false);
  expect(suspected.isLonely).toBe(false);
  const alone = new Suspicion(1, 0, []);
  expect([alone.isLonely, alone.patienceMs]).toEqual([true, 6_000]);
});
