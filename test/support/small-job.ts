/** The job that tests of whole grids submit: the sum of squares, as slow as a test wants it. */

import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import { readJob } from '../../src/cli/job-source.ts';
import { submitTo } from '../../src/cli/submission.ts';
import type { Job } from '../../src/transport/control-client.ts';
import { jobState, type PeerProcess } from './grid-process.ts';

export const squares = fileURLToPath(new URL('jobs/squares.ts', import.meta.url));

export function sumOfSquares(count: number): number {
  return ((count - 1) * count * (2 * count - 1)) / 6;
}

export type SquaresOptions = {
  readonly count: number;
  /** Rounds of arithmetic a chunk; a million take some 20 ms. */
  readonly work?: number;
  readonly quorum?: number;
  readonly credibility?: Job['credibility'];
};

/** Submits it through the control socket. @returns the job's id */
export async function submitSquares(
  { control }: PeerProcess,
  { count, work = 1, quorum = 1, credibility = null }: SquaresOptions,
): Promise<string> {
  return submitTo(control, {
    source: await readJob(squares),
    name: 'squares',
    paramsJson: JSON.stringify({ count, work }),
    trust: { quorum, credibility },
    limits: {
      wallMsMax: 60_000,
      memoryBytesMax: 256 * 2 ** 20,
      resultBytesMax: 1024,
      stderrBytesMax: 1024,
    },
    chunksMax: 1_000_000,
  });
}

/** Waits until a job of this kind is done, and checks its result. */
export async function squaresDone(peer: PeerProcess, jobId: string, count: number): Promise<Job> {
  const job = await jobState(peer.control, jobId, ({ state }) => state === 'done');
  expect(JSON.parse(await resultOf(peer, jobId))).toEqual({ sum: sumOfSquares(count) });
  expect(job).toMatchObject({ chunks: count, accepted: count });
  return job;
}

export async function resultOf({ control }: PeerProcess, jobId: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { piece } of control.result({ jobId })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Whatever came before: the peer still runs a job to its right end. */
export async function expectGoesOn(peer: PeerProcess): Promise<void> {
  await squaresDone(peer, await submitSquares(peer, { count: 10 }), 10);
}
