import { describe, expect, test } from 'vitest';

import { judge, replicasMax } from '../../../src/protocol/quorum.ts';

const open = (replicasNeeded: number) => ({ type: 'open', replicasNeeded }) as const;
const accepted = (group: number) => ({ type: 'accepted', group }) as const;
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
    [1, 4],
    [2, 7],
    [3, 10],
  ])('with a quorum of %i after %i replicas', (quorum, replicas) => {
    expect(replicasMax(quorum)).toBe(replicas);
  });

  test.each([
    { quorum: 2, groups: [1, 1, 1, 1, 1, 1], failures: 0, verdict: open(1) },
    { quorum: 2, groups: [1, 1, 1, 1, 1, 1, 1], failures: 0, verdict: givenUp },
    { quorum: 2, groups: [1], failures: 6, verdict: givenUp },
    { quorum: 2, groups: [], failures: 7, verdict: givenUp },
    { quorum: 2, groups: [1, 1, 1, 1, 1, 2], failures: 0, verdict: accepted(5) },
    { quorum: 1, groups: [], failures: 4, verdict: givenUp },
  ])('quorum $quorum, groups $groups, $failures failed: $verdict.type', (given) => {
    const { groups, failures, quorum, verdict } = given;
    expect(judge({ groups, failures }, quorum)).toEqual(verdict);
  });
});
