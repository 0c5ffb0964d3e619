import { expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { Standings } from '../../../../src/protocol/standings.ts';
import { emptyTotals, Tally } from '../../../../src/protocol/requester/tally.ts';
import { anna, bert, cora } from '../../../support/protocol-fixtures.ts';

const DAY_MS = 24 * 3_600_000;

function standingsOfTwo(): Standings {
  const of = (peer: PeerId) => ({ peer, passed: 200, isCaught: false, seenAtMs: 0 });
  return new Standings([of(anna), of(bert)]);
}

const passedIn = (tally: Tally) =>
  Object.fromEntries(tally.list().map(({ peer, passed }) => [peer, passed]));

test('of whom a result was believed is told what it was believed on, at most', () => {
  const standings = standingsOfTwo();
  const tally = new Tally(emptyTotals(), standings);
  tally.count(anna, 'accepted');
  tally.count(bert, 'leased');
  standings.nowMs = 20 * DAY_MS;
  tally.count(anna, 'accepted');
  const now = standings.passed(anna);
  expect(now).toBeLessThan(190);
  expect(passedIn(tally)).toEqual({ [anna]: 200, [bert]: now });
  standings.pass(bert);
  expect(passedIn(tally)).toMatchObject({ [bert]: now + 1 });
  standings.catch(anna, 'lied');
  expect(passedIn(tally)).toMatchObject({ [anna]: undefined });
});

test('a job that goes on after some days has believed as was seen then', () => {
  const standings = standingsOfTwo();
  standings.nowMs = 20 * DAY_MS;
  const tally = new Tally(emptyTotals(), standings);
  tally.restore(
    new Map([
      [anna, { accepted: 1 }],
      [bert, { returned: 1 }],
    ]),
  );
  expect(passedIn(tally)).toEqual({ [anna]: 200, [bert]: standings.passed(bert) });
});

test('where spot-checks do not count, nothing is told of them', () => {
  const tally = new Tally(emptyTotals());
  tally.count(cora, 'accepted');
  expect(tally.list()[0]).not.toHaveProperty('passed');
});
