import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { Evidence } from '../../../../src/protocol/requester/evidence.ts';
import { OpenChunk } from '../../../../src/protocol/requester/open-chunk.ts';
import { VolunteerNetworks } from '../../../../src/protocol/requester/volunteer-networks.ts';
import { WaitingChunks } from '../../../../src/protocol/requester/waiting-chunks.ts';
import {
  anna,
  bert,
  cora,
  digestNumbered,
  dora,
  peerNumbered,
  self,
} from '../../../support/protocol-fixtures.ts';
import { credibilityTrust, standingsOf } from '../../../support/protocol-evidence.ts';

/** The words of Anna and Bert weigh 49, those of all others 4. */
const standings = standingsOf([
  [anna, 10],
  [bert, 10],
]);

function waitingOf(...opens: OpenChunk[]) {
  const networks = new VolunteerNetworks();
  const waiting = new WaitingChunks(new Evidence(self, credibilityTrust, standings), networks);
  for (const open of opens) waiting.reconsider(open);
  return { waiting, networks };
}

/** @param groups who voted for what */
function openOf(chunk: number, ...groups: PeerId[][]): OpenChunk {
  const open = new OpenChunk(chunk);
  for (const [number, peers] of groups.entries()) {
    for (const peer of peers) {
      open.vote(peer, digestNumbered(number));
      open.add({ lease: 1, peer, leasedAtMs: 0, deadlineMs: 9, state: 'voted' });
    }
  }
  return open;
}

function lease(open: OpenChunk, peer: PeerId): void {
  open.add({ lease: 2, peer, leasedAtMs: 0, deadlineMs: 9, state: 'active' });
  open.active += 1;
}

test('chunks wait until the leases that are out should decide them', () => {
  const open = openOf(3, [cora]);
  const { waiting } = waitingOf(open);
  lease(open, anna);
  waiting.reconsider(open);
  expect([waiting.size, waiting.first(bert)]).toEqual([1, open]);
  lease(open, bert);
  waiting.reconsider(open);
  expect([waiting.size, waiting.first(dora)]).toEqual([0, undefined]);
});

test('what is believed and was not kept waits until it is leased once more', () => {
  const open = openOf(3, [anna, bert]);
  const { waiting } = waitingOf(open);
  expect(waiting.decidedBy(cora)).toBe(open);
  lease(open, cora);
  waiting.reconsider(open);
  expect(waiting.size).toBe(0);
});

test('a decided chunk waits no more, unless it is another one that was opened again', () => {
  const before = openOf(3, [anna], [cora]);
  const { waiting } = waitingOf(before);
  before.decided = true;
  waiting.reconsider(before);
  expect([waiting.size, waiting.disputed(dora)]).toEqual([0, undefined]);
  const again = openOf(3, [anna], [cora]);
  waiting.reconsider(again);
  waiting.reconsider(before);
  expect([waiting.size, waiting.first(dora), waiting.disputed(dora)]).toEqual([1, again, again]);
});

describe('a peer is given', () => {
  test('the first that it may take, the longest waiting first', () => {
    const opens = [openOf(5, [dora]), openOf(3, [cora]), openOf(4)];
    const { waiting } = waitingOf(...opens);
    expect([dora, cora].map((peer) => waiting.first(peer)?.chunk)).toEqual([3, 5]);
    // Another lease or vote does not send a chunk to the end of the line.
    for (const open of opens) waiting.reconsider(open);
    expect(waiting.first(cora)?.chunk).toBe(5);
  });

  test('the first that its vote should decide', () => {
    const { waiting } = waitingOf(
      openOf(1),
      openOf(2, [cora]),
      openOf(3, [bert]),
      openOf(4, [anna]),
    );
    const decided = [anna, bert, cora, self].map((peer) => waiting.decidedBy(peer)?.chunk);
    expect(decided).toEqual([3, 4, undefined, 1]);
  });

  test('of those that it decides one among the first 64', () => {
    const fresh = Array.from({ length: 64 }, (_, chunk) => openOf(chunk));
    const last = openOf(64, [bert]);
    expect(waitingOf(...fresh, last).waiting.decidedBy(anna)).toBeUndefined();
    expect(waitingOf(...fresh.slice(1), last).waiting.decidedBy(anna)).toBe(last);
  });

  test('one that nobody of its network has, if there is one', () => {
    const { waiting, networks } = waitingOf(
      openOf(1, [bert]),
      openOf(2, [dora]),
      openOf(3, [bert]),
    );
    for (const peer of [anna, bert]) networks.up(peer, '8.8.1.1');
    expect(waiting.first(anna)?.chunk).toBe(2);
    expect(waiting.decidedBy(anna)?.chunk).toBe(1);
  });
});

test('those are disputed whose votes are for different results', () => {
  const { waiting } = waitingOf(openOf(1, [anna, cora]), openOf(2, [anna], [bert]));
  expect([dora, anna].map((peer) => waiting.disputed(peer)?.chunk)).toEqual([2, undefined]);
  const settled = openOf(2, [anna]);
  waiting.reconsider(settled);
  expect([waiting.disputed(dora), waiting.size]).toEqual([undefined, 2]);
});

test('those wait for others that nobody here may take, and that nobody has', () => {
  const leased = openOf(3, [anna, cora]);
  lease(leased, dora);
  const { waiting } = waitingOf(openOf(1, [anna]), openOf(2, [cora, anna]), leased);
  expect(waiting.waitingForOthersThan([anna])).toBe(2);
  expect(waiting.waitingForOthersThan([anna, cora])).toBe(1);
  expect(waiting.waitingForOthersThan([])).toBe(2);
});

describe('a chunk waits for more of a peer’s word', () => {
  test.each([
    { groups: [[anna, cora, dora]], is: true },
    { groups: [[anna, cora, dora], [bert]], is: true },
    { groups: [[anna, cora]], is: false },
    { groups: [[anna, cora], [dora]], is: false },
    { groups: [[cora, dora, bert], [anna]], is: false },
    { groups: [[cora, dora, bert]], is: false },
  ])('if it is one of three against each other one: $groups', ({ groups, is }) => {
    const { waiting } = waitingOf(openOf(1, ...groups));
    expect(waiting.isForMoreOf(anna)).toBe(is);
  });

  test('where two are against it six have to be for it', () => {
    const six = [0, 1, 2, 3, 4, 5].map((number) => peerNumbered(number));
    const [first = anna] = six;
    const isFor = (count: number): boolean =>
      waitingOf(openOf(1, six.slice(0, count), [cora, dora])).waiting.isForMoreOf(first);
    expect([isFor(5), isFor(6)]).toEqual([false, true]);
  });

  test('those of one network are one', () => {
    const { waiting, networks } = waitingOf(openOf(1, [anna, cora, dora], [bert]));
    for (const peer of [cora, dora]) networks.up(peer, '8.8.1.1');
    expect(waiting.isForMoreOf(anna)).toBe(false);
  });
});
