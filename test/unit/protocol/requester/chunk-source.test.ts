import { expect, test } from 'vitest';

import { ChunkSource } from '../../../../src/protocol/requester/chunk-source.ts';
import { Evidence } from '../../../../src/protocol/requester/evidence.ts';
import { VolunteerNetworks } from '../../../../src/protocol/requester/volunteer-networks.ts';
import { anna, bert, digestNumbered, self } from '../../../support/protocol-fixtures.ts';
import { credibilityTrust, pioneers, standingsOf } from '../../../support/protocol-evidence.ts';

function sourceOf(chunks: number): ChunkSource {
  const evidence = new Evidence(self, credibilityTrust, standingsOf([[bert, 300]]));
  const source = new ChunkSource(evidence, new VolunteerNetworks(), { next: () => 0 });
  source.addChunks(chunks);
  return source;
}

/** The chunk that a peer gets, and votes on. */
function vote(source: ChunkSource, peer = anna, canCheck = true): number | undefined {
  const open = source.next(peer, false, canCheck);
  if (open === undefined) return undefined;
  const lease = { lease: 1, leasedAtMs: 0, deadlineMs: 1, state: 'voted' } as const;
  open.add({ ...lease, peer });
  open.vote(peer, digestNumbered(open.chunk));
  source.waiting.reconsider(open);
  return open.chunk;
}

test('fresh chunks come in order, each to one peer, until there are none', () => {
  const source = sourceOf(2);
  expect([vote(source), vote(source), vote(source)]).toEqual([0, 1, undefined]);
  expect(source.isExhausted).toBe(false);
  source.endSplit();
  expect([source.isExhausted, source.splitEnded, source.chunks]).toEqual([true, true, 2]);
});

test('one that a peer’s vote decides goes before a fresh one', () => {
  const source = sourceOf(5);
  vote(source);
  expect([vote(source, bert), vote(source, bert)]).toEqual([0, 1]);
});

test('before anybody can be checked a second vote goes before a ninth chunk', () => {
  const source = sourceOf(20);
  for (let chunk = 0; chunk < pioneers; chunk++) expect(vote(source, anna, false)).toBe(chunk);
  const stranger = bert;
  expect(vote(source, stranger, false)).toBe(0);
});

test('so many chunks are open at a time, and a decided one makes room', () => {
  const source = sourceOf(5_000);
  while (vote(source) !== undefined);
  const [open] = [source.get(0)];
  if (open === undefined) throw new Error('chunk 0 is open');
  expect([source.get(4_095)?.chunk, source.get(4_096)]).toEqual([4_095, undefined]);
  open.decided = true;
  source.decided(open);
  expect(vote(source)).toBe(4_096);
});

test('what is disputed is counted, and how many votes are wanted is guessed', () => {
  const source = sourceOf(3);
  expect(source.votesWanted).toBe(6);
  vote(source);
  expect([source.disputed, source.votesWanted]).toEqual([0, 5]);
  source.get(0)?.vote(bert, digestNumbered(9));
  expect(source.disputed).toBe(1);
});
