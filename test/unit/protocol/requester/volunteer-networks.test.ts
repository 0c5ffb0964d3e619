import { expect, test } from 'vitest';

import { VolunteerNetworks } from '../../../../src/protocol/requester/volunteer-networks.ts';
import { anna, bert, cora, dora } from '../../../support/protocol-fixtures.ts';

const others = [{ peer: bert }, { peer: cora }];

test('who shares a network prefix with one of the others is among them', () => {
  const networks = new VolunteerNetworks();
  networks.up(anna, '8.8.1.1');
  networks.up(bert, '9.9.1.1');
  networks.up(cora, '8.8.200.7');
  expect(networks.isAmong(anna, others)).toBe(true);
  expect(networks.isAmong(bert, [{ peer: anna }, { peer: cora }])).toBe(false);
  expect(networks.isAmong(anna, [])).toBe(false);
});

test('nearby, and where nothing is known, nobody shares a network', () => {
  const networks = new VolunteerNetworks();
  for (const peer of [anna, bert]) networks.up(peer, '192.168.0.7');
  expect(networks.isAmong(anna, others)).toBe(false);
  expect(networks.isAmong(dora, others)).toBe(false);
});

test('who went away, or came back from elsewhere, is not where it was', () => {
  const networks = new VolunteerNetworks();
  for (const peer of [anna, bert, cora]) networks.up(peer, '8.8.1.1');
  networks.down(bert);
  networks.up(cora, '9.9.1.1');
  expect(networks.isAmong(anna, others)).toBe(false);
  networks.up(anna, '10.0.0.1');
  networks.up(cora, '8.8.1.1');
  expect(networks.isAmong(anna, others)).toBe(false);
});
