import { expect, test } from 'vitest';

import { createRandom } from '../../../../src/protocol/random.ts';
import { Views } from '../../../../src/protocol/overlay/views.ts';
import {
  HOUR_MS,
  ipNumbered,
  optionsOf,
  ownRecord,
  recordOf,
  signedRecord,
} from '../../../support/membership-fixtures.ts';
import { at, peerNumbered, startUnixMs } from '../../../support/protocol-fixtures.ts';

function viewsOf(): Views {
  const views = new Views(optionsOf(), createRandom(1));
  views.own.take(ownRecord);
  return views;
}

function addNeighbour(views: Views, number: number): void {
  const remote = ipNumbered(number);
  const peer = peerNumbered(number);
  const neighbour = { peer, remote, dialled: undefined, imposed: false, sinceMs: 0 };
  views.active.add(neighbour, recordOf(number));
}

test('hearsay of other peers goes to the passive view', () => {
  const views = viewsOf();
  views.learn([recordOf(1), recordOf(2)], at(0));
  expect([...views.passive.records.keys()]).toEqual([peerNumbered(1), peerNumbered(2)]);
});

test.each([
  ['this peer itself', signedRecord({ ...ownRecord.record, sequence: startUnixMs + 5 })],
  ['one that has expired', recordOf(1, { expiresAtMs: startUnixMs })],
  ['one that is valid for too long', recordOf(1, { expiresAtMs: startUnixMs + 2 * HOUR_MS })],
  ['one without an address', recordOf(1, { addresses: [] })],
])('hearsay of %s is not taken', (_, record) => {
  const views = viewsOf();
  views.learn([record], at(0));
  expect(views.passive.records.size).toBe(0);
});

test('hearsay of a neighbour replaces its record, if it is newer', () => {
  const views = viewsOf();
  addNeighbour(views, 1);
  const newer = recordOf(1, { sequence: startUnixMs + 1 });
  views.learn([newer, recordOf(1)], at(0));
  expect([...views.active.records.values()]).toEqual([newer]);
  expect(views.passive.records.size).toBe(0);
});

test('who has departed comes back by a newer record only', () => {
  const views = viewsOf();
  views.learn([recordOf(1)], at(0));
  views.departed(recordOf(1), 0);
  views.learn([recordOf(1)], at(1));
  expect(views.passive.records.size).toBe(0);
  views.learn([recordOf(1, { sequence: startUnixMs + 1 })], at(1));
  expect(views.passive.records.size).toBe(1);
});

test('who misbehaved is forgotten, and no record brings it back while that is so', () => {
  const views = viewsOf();
  views.learn([recordOf(1)], at(0));
  views.known.met({ record: recordOf(1), dialled: undefined }, startUnixMs);
  views.banish(peerNumbered(1), 0);
  views.learn([recordOf(1, { sequence: startUnixMs + 1 })], at(1));
  expect(views.passive.records.size).toBe(0);
  expect(views.known.lastFirst(startUnixMs)).toEqual([]);
  views.learn([recordOf(1)], at(600_000));
  expect(views.passive.records.size).toBe(1);
});

test('others are told of neighbours that they could dial', () => {
  const views = viewsOf();
  for (const number of [1, 2, 3]) addNeighbour(views, number);
  views.active.refresh(recordOf(3, { sequence: startUnixMs + 1, addresses: [] }));
  expect(views.told(startUnixMs, peerNumbered(1))).toEqual([recordOf(2)]);
  expect(views.told(startUnixMs + HOUR_MS, peerNumbered(1))).toEqual([]);
});
