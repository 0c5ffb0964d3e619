import { expect, test } from 'vitest';

import type { Trust } from '../../../src/model/job.ts';
import { AuditPolicy, type Voter } from '../../../src/runtime/audit-policy.ts';
import { specWith } from '../../support/audit-samples.ts';

const stranger: Voter = { isRequester: false, isCaught: false, passed: 0 };
const known: Voter = { ...stranger, passed: 10 };
const caught: Voter = { ...stranger, isCaught: true };
const own: Voter = { ...stranger, isRequester: true };

const isAccepted = (group: number): boolean => group === 0;

/** @param votes a peer's number and its group, in the order in which they came */
function judged(trust: Trust, voters: readonly Voter[], ...votes: readonly [number, number][]) {
  const policy = new AuditPolicy(specWith(trust), voters);
  const cast = votes.map(([peer, group]) => ({ peer, group }));
  return policy.judge(cast, isAccepted);
}

const two = { quorum: 2 };
const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' } as const;
const evidence = { quorum: 1, credibility };

test('a quorum counts different peers of the accepted group', () => {
  const voters = [stranger, stranger, stranger];
  const agreed = { isBelieved: true, group: 0, signatures: 2 };
  expect(judged(two, voters, [0, 0], [1, 0])).toEqual(agreed);
  expect(judged(two, voters, [0, 0], [1, 3], [2, 0])).toEqual(agreed);
  expect(judged(two, voters, [0, 0], [0, 0])).toMatchObject({ isBelieved: false, signatures: 1 });
  expect(judged(two, voters, [0, 1], [1, 1])).toMatchObject({ isBelieved: false, signatures: 0 });
  expect(judged(two, voters)).toEqual({ isBelieved: false, group: undefined, signatures: 0 });
});

test('the first word of a peer is the one that counts', () => {
  const voters = [stranger, stranger];
  expect(judged(two, voters, [0, 1], [0, 0], [1, 0])).toMatchObject({ isBelieved: false });
});

test('a quorum does not ask who was caught: it has believed them', () => {
  expect(judged(two, [caught, stranger], [0, 0], [1, 0])).toMatchObject({ isBelieved: true });
});

test.each<[string, readonly Voter[], readonly [number, number][], boolean]>([
  [
    'two that are known',
    [known, known],
    [
      [0, 0],
      [1, 0],
    ],
    true,
  ],
  ['one that is known', [known], [[0, 0]], false],
  [
    'four strangers',
    [stranger, stranger, stranger, stranger],
    [
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
    ],
    false,
  ],
  ['the requester itself', [own], [[0, 0]], true],
  [
    'two of whom one was caught',
    [known, caught],
    [
      [0, 0],
      [1, 0],
    ],
    false,
  ],
  [
    'two against one that came first',
    [known, known, known],
    [
      [2, 1],
      [0, 0],
      [1, 0],
    ],
    false,
  ],
  [
    'two against one that came late',
    [known, known, known],
    [
      [0, 0],
      [1, 0],
      [2, 1],
    ],
    true,
  ],
  [
    'two against one that was caught',
    [known, known, caught],
    [
      [2, 1],
      [0, 0],
      [1, 0],
    ],
    true,
  ],
])('on evidence: %s', (_who, voters, votes, isBelieved) => {
  expect(judged(evidence, voters, ...votes).isBelieved).toBe(isBelieved);
});

test('credibility is the best that the accepted group reached', () => {
  const { credibility: reached } = judged(evidence, [known, known], [0, 0], [1, 1]);
  expect(reached).toBeCloseTo(49 / 50, 10);
});

test('hundreds of late votes for another result change nothing', () => {
  const voters = Array.from({ length: 500 }, (): Voter => ({ ...stranger, passed: 1e6 }));
  const late = voters.map((_, at): [number, number] => [at + 2, 1]);
  const all = [known, known, ...voters];
  const { isBelieved, credibility: reached } = judged(evidence, all, [0, 0], [1, 0], ...late);
  expect(isBelieved).toBe(true);
  expect(reached).toBeCloseTo(49 ** 2 / (1 + 49 ** 2), 10);
});

test('a second work of the accepted result is one more group, and the stronger one is told', () => {
  const policy = new AuditPolicy(specWith(evidence), [known, known, known, known]);
  const votes = [0, 2, 2, 2].map((group, peer) => ({ peer, group }));
  const { group, signatures, credibility: reached } = policy.judge(votes, () => true);
  expect([group, signatures]).toEqual([2, 3]);
  expect(reached).toBeCloseTo(49 ** 3 / (1 + 49 + 49 ** 3), 10);
});

test('any number of groups is judged in one go', () => {
  const voters = Array.from({ length: 20_000 }, () => known);
  const before = process.cpuUsage();
  judged(evidence, voters, ...voters.map((_, peer): [number, number] => [peer, peer]));
  // Some 20 ms; each against all others it was half a minute.
  expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
});
