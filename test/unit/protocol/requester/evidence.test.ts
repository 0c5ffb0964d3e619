import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { Evidence } from '../../../../src/protocol/requester/evidence.ts';
import { OpenChunk } from '../../../../src/protocol/requester/open-chunk.ts';
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

/** Their words weigh 49, 49 and 1499; all others' 4. */
const standings = standingsOf([
  [anna, 10],
  [bert, 10],
  [cora, 300],
]);
const evidence = new Evidence(self, credibilityTrust, standings);
/** Before anybody can be checked. */
const early = new Evidence(self, credibilityTrust, standings, () => false);

function openOf(...groups: PeerId[][]): OpenChunk {
  const open = new OpenChunk(7);
  for (const [number, peers] of groups.entries()) {
    for (const peer of peers) open.vote(peer, digestNumbered(number));
  }
  return open;
}

const crowd = (from: number, count: number): PeerId[] =>
  Array.from({ length: count }, (_, number) => peerNumbered(from + number));

describe('a chunk is judged', () => {
  test.each([
    { why: 'nobody has voted', groups: [], judgement: { type: 'open' } },
    { why: 'one alone says little', groups: [[anna]], judgement: { type: 'open' } },
    { why: 'two agree', groups: [[anna, bert]], judgement: { type: 'accepted', group: 0 } },
    { why: 'one is enough', groups: [[cora]], judgement: { type: 'accepted', group: 0 } },
    { why: 'others doubt it', groups: [[cora], [anna]], judgement: { type: 'open' } },
    {
      why: 'the strong win',
      groups: [[dora], [anna, bert, cora]],
      judgement: { type: 'accepted', group: 1 },
    },
    {
      why: 'the requester knows',
      groups: [[anna, bert, cora], [self]],
      judgement: { type: 'accepted', group: 1 },
    },
    { why: 'a crowd of four', groups: [crowd(0, 4)], judgement: { type: 'open' } },
    { why: 'a crowd of five', groups: [crowd(0, 5)], judgement: { type: 'accepted', group: 0 } },
  ])('$why: $judgement.type', ({ groups, judgement }) => {
    expect(evidence.judge(openOf(...groups))).toEqual(judgement);
  });

  test('and given up once 32 have voted and most of them do not agree', () => {
    const each = crowd(0, 32).map((peer) => [peer]);
    const open = openOf(...each.slice(1));
    open.fail(dora, { kind: 'threw', detail: '' });
    expect(early.judge(open)).toEqual({ type: 'open' });
    expect(early.judge(openOf(...each))).toEqual({ type: 'given-up' });
    // Half of them against half: one more may tell.
    expect(early.judge(openOf(crowd(0, 16), crowd(100, 16)))).toEqual({ type: 'open' });
  });

  test('but not for strangers, once they could have passed a check', () => {
    const each = crowd(0, 100).map((peer) => [peer]);
    expect(evidence.judge(openOf(...each))).toEqual({ type: 'open' });
    const known = standingsOf(crowd(0, 32).map((peer) => [peer, 1] as const));
    const ofNow = new Evidence(self, credibilityTrust, known);
    expect(ofNow.judge(openOf(...each))).toEqual({ type: 'given-up' });
  });
});

test('the word of who was caught says nothing, whatever it has passed', () => {
  const caught = standingsOf();
  caught.catch(anna, 'lied');
  const ofNow = new Evidence(self, credibilityTrust, caught);
  expect([ofNow.weight(anna), Math.round(ofNow.weight(bert))]).toEqual([1, 4]);
});

test('some suffice alone, where nobody contradicts them', () => {
  const groups = [[], [anna], [anna, bert], [cora], crowd(0, 4), crowd(0, 5), [self]];
  expect(groups.map((peers) => evidence.suffices(peers))).toEqual([
    false,
    false,
    true,
    true,
    false,
    true,
    true,
  ]);
});

describe('that a chunk fails', () => {
  const says = (peers: readonly PeerId[], open = openOf(), chunks = 1) =>
    evidence.failureSuffices(open, peers, chunks);

  test('is believed on as much evidence as a result, and against it', () => {
    expect([says([anna]), says([anna, bert]), says([cora])]).toEqual([false, true, true]);
    expect(says([anna, bert], openOf([dora]))).toBe(false);
    expect([says(crowd(0, 5)), says(crowd(0, 50))]).toEqual([false, false]);
    const said = [4, 5].map((count) => early.failureSuffices(openOf(), crowd(0, count), 1));
    expect(said).toEqual([false, true]);
  });

  test('takes more where any of many chunks may be lied about', () => {
    expect([says([anna, bert], openOf(), 2), says([anna, bert], openOf(), 3)]).toEqual([
      true,
      false,
    ]);
  });

  test('is believed of the requester at once', () => {
    expect(says([self], openOf([anna, bert, cora]), 1e9)).toBe(true);
  });

  test('is not believed of those who failed where others did not, nor of the caught', () => {
    const known = standingsOf([
      [anna, 10],
      [bert, 10],
      [cora, 300],
    ]);
    const ofNow = new Evidence(self, credibilityTrust, known);
    known.catch(cora, 'lied');
    expect(ofNow.failureSuffices(openOf(), [anna, bert, cora], 1)).toBe(true);
    ofNow.refute([bert]);
    expect(ofNow.failureSuffices(openOf(), [anna, bert, cora], 1)).toBe(false);
    // What it returns is another matter.
    expect(ofNow.suffices([anna, bert])).toBe(true);
  });
});

test('a peer is proven right by others, not by itself, and the requester by nobody', () => {
  expect(evidence.proven([anna, bert])).toEqual([]);
  expect(evidence.proven([anna, bert, dora])).toEqual([dora]);
  expect(evidence.proven([dora, cora])).toEqual([dora]);
  expect(evidence.proven([dora, anna, self])).toEqual([dora, anna]);
  expect(evidence.proven([cora, self, dora, anna])).toEqual([cora, dora, anna]);
});

describe('what a chunk lacks', () => {
  const lease = (open: OpenChunk, peer: PeerId): OpenChunk => {
    const times = { leasedAtMs: 0, deadlineMs: 9 };
    open.add({ lease: 1, peer, ...times, state: 'active' });
    return open;
  };

  test.each([
    { why: 'everything', open: openOf(), lacking: 999 },
    { why: 'what a vote has not brought', open: openOf([anna]), lacking: 999 / 49 },
    { why: 'more where it is disputed', open: openOf([dora], [anna]), lacking: (999 * 5) / 49 },
    { why: 'nothing', open: openOf([anna, bert]), lacking: 999 / 49 ** 2 },
    { why: 'less with a lease that is out', open: lease(openOf([anna]), dora), lacking: 999 / 196 },
    { why: 'no less with one of who has spoken', open: hearing(), lacking: 999 / 49 },
  ])('is $why', ({ open, lacking }) => {
    expect(evidence.lacking(open)).toBeCloseTo(lacking, 6);
  });

  /** Anna's earlier lease came back late. */
  function hearing(): OpenChunk {
    const open = lease(openOf([anna]), anna);
    open.add({ lease: 2, peer: anna, leasedAtMs: 0, deadlineMs: 9, state: 'voted' });
    return open;
  }
});
