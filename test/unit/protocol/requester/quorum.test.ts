import { describe, expect, test } from 'vitest';

import { judge, replicasMax } from '../../../../src/protocol/requester/quorum.ts';

const open = (replicasNeeded: number) => ({ type: 'open', replicasNeeded }) as const;
const accepted = (group: number) => ({ type: 'accepted', group }) as const;
const single = (count: number) => Array.from({ length: count }, () => 1);
const givenUp = { type: 'given-up' } as const;

describe('a chunk is judged by its largest group', () => {
  test.each([
    { quorum: 1, groups: [], failures: 0, verdict: open(1) },
    { quorum: 1, groups: [1], failures: 0, verdict: accepted(0) },
    { quorum: 2, groups: [], failures: 0, verdict: open(2) },
    { quorum: 2, groups: [1], failures: 0, verdict: open(1) },
    { quorum: 2, groups: [2], failures: 0, verdict: accepted(0) },
    { quorum: 2, groups: [1, 1], failures: 0, verdict: open(1) },
    { quorum: 2, groups: [1, 2], failures: 0, verdict: accepted(1) },
    { quorum: 3, groups: [1, 2, 1], failures: 0, verdict: open(1) },
    { quorum: 3, groups: [1, 2, 3], failures: 0, verdict: accepted(2) },
    { quorum: 3, groups: [1, 1], failures: 2, verdict: open(2) },
  ])('quorum $quorum, groups $groups, $failures failed: $verdict.type', (given) => {
    const { groups, failures, quorum, verdict } = given;
    expect(judge({ groups, failures }, quorum)).toEqual(verdict);
  });
});

describe('a chunk is given up', () => {
  test.each([
    [1, 13],
    [2, 16],
    [3, 19],
  ])('with a quorum of %i after %i replicas', (quorum, replicas) => {
    expect(replicasMax(quorum)).toBe(replicas);
  });

  test.each([
    { quorum: 2, groups: single(15), failures: 0, verdict: open(1) },
    { quorum: 2, groups: single(16), failures: 0, verdict: givenUp },
    { quorum: 2, groups: [1], failures: 15, verdict: givenUp },
    { quorum: 2, groups: [], failures: 16, verdict: givenUp },
    { quorum: 2, groups: [...single(14), 2], failures: 0, verdict: accepted(14) },
    { quorum: 1, groups: [], failures: 13, verdict: givenUp },
  ])('quorum $quorum, groups $groups, $failures failed: $verdict.type', (given) => {
    const { groups, failures, quorum, verdict } = given;
    expect(judge({ groups, failures }, quorum)).toEqual(verdict);
  });
});
