import { expect, test } from 'vitest';

import { recomputedLines } from '../../../src/cli/audit-view.ts';

const nothing = { findings: [], findingsTotal: 0 };

test('chunks that could not be told are listed, the first of many, by what came in the way', () => {
  const undecided = Array.from({ length: 25 }, (_, at) => {
    return { chunk: 3 * at, why: at === 4 ? 'out-of-memory' : 'timed-out' };
  });
  const recomputed = { chunks: 30, same: 5, different: 0, undecided };
  expect(recomputedLines(recomputed, nothing, 120)).toEqual([
    'recomputed  30 chunks picked at random, 5 came out the same, 25 could not be told',
    '            chunks 0, 3, 6, 9, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57, ' +
      '60, and 4 more: timed-out',
    '            chunk 12: out-of-memory',
  ]);
});

test('what came out otherwise is listed as wrong', () => {
  const findings = [{ kind: 'recomputed', text: 'Chunk 1 is another.' } as const];
  const recomputed = { chunks: 2, same: 1, different: 1, undecided: [] };
  expect(recomputedLines(recomputed, { findings, findingsTotal: 3 }, 80)).toEqual([
    'recomputed  2 chunks picked at random, 1 came out the same, 1 otherwise',
    'wrong       Chunk 1 is another.',
    '            And 2 more like these.',
  ]);
});
