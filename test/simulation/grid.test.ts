/** A grid at work, under churn, loss and saboteurs. The full size is run by a benchmark. */

import { describe, expect, test } from 'vitest';

import { grid, type GridOptions } from '../support/simulator/scenarios/grid.ts';
import { simulate } from '../support/simulator/seeds.ts';

const small: Omit<GridOptions, 'seed'> = {
  peers: 150,
  jobs: 3,
  chunks: 200,
  quorum: 2,
  saboteurShare: 0.1,
  colluderShare: 0,
};

simulate('all jobs of a grid that churns and lies are done, and right', [1, 2], (seed) => {
  const figures = grid({ ...small, seed });
  expect(figures).toMatchObject({ accepted: 3, wrong: 0 });
  expect(figures.lastJobMs).toBeLessThan(300_000);
  // Two where all agree, and more for lies and losses.
  expect(figures.replicasPerChunk).toBeLessThan(3);
  expect(figures.disputes).toBeGreaterThan(0);
});

describe('saboteurs who collude', () => {
  test('fool a quorum of three in few chunks, but do', () => {
    const share = { saboteurShare: 0, colluderShare: 0.1 };
    const { accepted, wrong } = grid({ ...small, ...share, seed: 1, chunks: 400, quorum: 3 });
    expect(accepted).toBe(3);
    // Of 1,200; of a tenth one in a hundred is expected.
    expect(wrong).toBeGreaterThan(0);
    expect(wrong).toBeLessThan(40);
  });
});
