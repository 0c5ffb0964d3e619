import { expect, test } from 'vitest';

import { PendingLinks } from '../../../../src/protocol/overlay/pending-links.ts';
import { anna, bert } from '../../../support/protocol-fixtures.ts';

const toAnna = {
  peer: anna,
  remote: '8.8.8.8',
  dialled: 'anna:1',
  asked: 'fill',
  imposed: false,
  visit: false,
} as const;
const fromBert = {
  peer: bert,
  remote: '7.7.7.7',
  dialled: undefined,
  asked: undefined,
  imposed: true,
  visit: false,
} as const;

test('links on which this peer has asked are counted until they are removed', () => {
  const links = new PendingLinks();
  links.add(toAnna, 0);
  links.add(fromBert, 0);
  expect(links.asked).toBe(1);
  expect(links.get(anna)).toMatchObject(toAnna);
  for (const peer of [anna, anna, bert]) links.remove(peer);
  expect([links.asked, links.has(anna), links.has(bert)]).toEqual([0, false, false]);
});

test('a link is overdue after five seconds, the oldest first', () => {
  const links = new PendingLinks();
  expect(links.dueAtMs).toBe(Infinity);
  links.add(fromBert, 100);
  links.add(toAnna, 200);
  expect(links.dueAtMs).toBe(5_100);
  expect(links.overdue(5_099)).toEqual([]);
  expect(links.overdue(5_100)).toMatchObject([fromBert]);
  expect(links.overdue(9_000)).toMatchObject([fromBert, toAnna]);
});
