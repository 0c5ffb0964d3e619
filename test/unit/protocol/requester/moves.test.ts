import { expect, test } from 'vitest';

import type { JobFailure } from '../../../../src/model/job.ts';
import { Moves } from '../../../../src/protocol/requester/moves.ts';
import { OpenChunk, type Replica } from '../../../../src/protocol/requester/open-chunk.ts';
import { anna, bert, digestNumbered } from '../../../support/protocol-fixtures.ts';
import { kept, moved } from '../../../support/protocol-evidence.ts';

const replicaOf = (lease: number): Replica => {
  return { lease, peer: anna, leasedAtMs: 0, deadlineMs: 9, state: 'revoked' };
};
const failure: JobFailure = { type: 'requester-failed', step: 'split', reason: 'it' };

test('nothing may move', () => {
  expect(new Moves().settlement).toEqual(moved());
});

test('all that one result led to is told, in order', () => {
  const moves = new Moves();
  moves.store(kept(7));
  moves.store(kept(7, 8));
  moves.accept(3, [replicaOf(4), replicaOf(5)]);
  moves.accept(2, []);
  moves.reopen(1);
  moves.revoke(replicaOf(6));
  const caught = [bert, anna].map((peer) => ({ peer, chunk: 9, digest: digestNumbered(9) }));
  for (const wrong of caught) moves.catch(wrong);
  expect(moves.settlement).toEqual({
    type: 'moved',
    stored: [kept(7), kept(7, 8)],
    accepted: [3, 2],
    reopened: [1],
    revoked: [4, 5, 6].map((lease) => ({ peer: anna, lease })),
    caught,
  });
});

test('a chunk that is accepted and opened again at once did not move, nor the reverse', () => {
  const moves = new Moves();
  moves.accept(3, [replicaOf(1)]);
  moves.reopen(3);
  moves.reopen(4);
  moves.accept(4, []);
  expect(moves.settlement).toEqual(moved({ revoked: [{ peer: anna, lease: 1 }] }));
  moves.accept(3, []);
  moves.reopen(4);
  expect(moves.settlement).toMatchObject({ accepted: [3], reopened: [4] });
});

test('that the job failed is all that matters then, and why it did first', () => {
  const moves = new Moves();
  moves.accept(3, []);
  moves.fail(failure);
  moves.fail({ ...failure, step: 'merge' });
  expect(moves.settlement).toEqual({ type: 'job-failed', failure });
});

test('a value is kept once, until it is that of another result', () => {
  const moves = new Moves();
  const open = new OpenChunk(3);
  const one = { digest: digestNumbered(1), value: Uint8Array.of(1) };
  const two = { digest: digestNumbered(2), value: Uint8Array.of(2) };
  for (const result of [one, one, two]) moves.keep(open, result);
  expect(open.stored).toBe(two.digest);
  expect(moves.settlement).toMatchObject({
    stored: [
      { chunk: 3, ...one },
      { chunk: 3, ...two },
    ],
  });
});
