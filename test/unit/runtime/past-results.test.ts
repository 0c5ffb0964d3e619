import { expect, test } from 'vitest';

import { PastResults } from '../../../src/runtime/past-results.ts';
import { anna, bert, digestNumbered } from '../../support/protocol-fixtures.ts';
import { credibilityTrust } from '../../support/protocol-evidence.ts';

const agreed = () => new PastResults(4, { quorum: 2 });
const believed = () => new PastResults(4, { quorum: 1, credibility: credibilityTrust });

test('where so many must agree, what is kept is accepted', () => {
  const results = agreed();
  results.add(2, digestNumbered(2));
  expect([0, 1, 2, 3].map((chunk) => results.isAccepted(chunk))).toEqual([
    false,
    false,
    true,
    false,
  ]);
  expect([...results.accepted()]).toEqual([{ chunk: 2, digest: digestNumbered(2), peers: [] }]);
  expect([results.end, results.stored().size]).toEqual([3, 0]);
  expect([results.is(2, digestNumbered(2)), results.is(2, digestNumbered(1))]).toEqual([
    true,
    false,
  ]);
});

test('no more peers have been needed than had to agree', () => {
  const results = agreed();
  results.add(0, digestNumbered(0));
  expect([1, 2, 3].map(() => results.join(0, anna))).toEqual([true, true, false]);
});

test('where evidence is asked for, what is kept is believed when that was written down', () => {
  const results = believed();
  for (const chunk of [0, 1]) results.add(chunk, digestNumbered(chunk));
  for (const chunk of [1, 2]) results.accept(chunk);
  expect([...results.accepted()].map(({ chunk }) => chunk)).toEqual([1]);
  expect([...results.stored()]).toEqual([[0, digestNumbered(0)]]);
});

test('it is known who is believed, each once', () => {
  const results = believed();
  results.add(1, digestNumbered(1));
  results.accept(1);
  expect([anna, bert, anna].map((peer) => results.join(1, peer))).toEqual([true, true, false]);
  expect([...results.accepted()]).toEqual([
    { chunk: 1, digest: digestNumbered(1), peers: [anna, bert] },
  ]);
});

test('a result of a chunk that there is not is passed over', () => {
  const results = agreed();
  results.add(4, digestNumbered(4));
  expect([results.end, [...results.accepted()]]).toEqual([0, []]);
});
