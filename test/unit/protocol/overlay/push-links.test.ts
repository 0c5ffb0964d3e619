import { expect, test } from 'vitest';

import { PushLinks } from '../../../../src/protocol/overlay/push-links.ts';
import { anna, bert, cora, dora, self } from '../../../support/protocol-fixtures.ts';

test('of the lazy links, visits left out, the one with the shortest path is nearest', () => {
  const links = new PushLinks();
  expect(links.nearestLazy).toBe(undefined);
  const silent = links.add(anna, false, 0);
  expect(links.nearestLazy).toBe(silent);
  links.add(bert, false, 0).announcedHops = 5;
  const nearest = links.add(cora, false, 0);
  nearest.announcedHops = 4;
  Object.assign(links.add(dora, false, 0), { announcedHops: 1, eager: true });
  links.add(self, true, 0).announcedHops = 1;
  expect(links.nearestLazy).toBe(nearest);
  links.delete(cora);
  expect(links.nearestLazy?.peer).toBe(bert);
});

test('whether any link is eager is known, and a visit is not', () => {
  const links = new PushLinks();
  const link = links.add(anna, false, 0);
  links.add(bert, true, 0);
  expect(links.hasEager).toBe(false);
  link.eager = true;
  expect([links.hasEager, links.get(anna)]).toEqual([true, link]);
  links.delete(anna);
  expect([links.hasEager, links.get(anna)]).toEqual([false, undefined]);
});
