/** The sandbox of `squaring-sandbox.ts` on threads of its own, in virtual time. */

import type { ChunkBatch, ChunkOutcome, Sandbox } from '../../../src/ports.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { squaringSandbox } from '../squaring-sandbox.ts';

export type SquaringThreads = {
  /** Chunks that `split` yields. */
  readonly count: number;
  readonly slots: number;
  /** What the next chunk takes. */
  readonly chunkMs: () => number;
  /** Whether its result is wrong. */
  readonly isLie: () => boolean;
  readonly after: (ms: number, run: () => void) => void;
};

type Run = {
  readonly batch: ChunkBatch;
  readonly end: (outcomes: readonly ChunkOutcome[]) => void;
  isRunning: boolean;
};

const wrong = encodeCanonical(-1);
const lie = { type: 'result', value: wrong, digest: digestOf(wrong) } as const;

export function squaringThreads(options: SquaringThreads): Sandbox {
  const { count, slots, chunkMs, isLie, after } = options;
  const sandbox = squaringSandbox(count);
  const runs = new Set<Run>();
  function startNext(): void {
    for (const run of runs) {
      const busy = [...runs].filter(({ isRunning }) => isRunning).length;
      if (busy >= slots) return;
      if (!run.isRunning) start(run);
    }
  }
  function start(run: Run): void {
    const { batch } = run;
    run.isRunning = true;
    const times = batch.chunks.map(() => chunkMs());
    after(
      times.reduce((sum, ms) => sum + ms, 0),
      () => {
        if (!runs.delete(run)) return;
        startNext();
        void sandbox.run(batch).then((outcomes) => {
          run.end(
            outcomes.map(({ outcome }, at) => {
              return { outcome: isLie() ? lie : outcome, computeMs: times[at] ?? 0 };
            }),
          );
        });
      },
    );
  }
  return {
    ...sandbox,
    slots,
    run(batch, signal) {
      const ended = Promise.withResolvers<readonly ChunkOutcome[]>();
      const run: Run = { batch, end: ended.resolve, isRunning: false };
      runs.add(run);
      signal?.addEventListener('abort', () => {
        if (!runs.delete(run)) return;
        run.end(batch.chunks.map(() => ({ outcome: { type: 'returned' }, computeMs: 0 })));
        startNext();
      });
      startNext();
      return ended.promise;
    },
  };
}
