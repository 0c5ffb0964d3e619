/** What `ports.ts` promises of `run` of every `Sandbox`, whatever it is made of. */

import { expect, test } from 'vitest';

import type { Outcome } from '../../src/model/replica.ts';

export type SandboxWorld = {
  readonly slots: number;
  /**
   * Runs chunks, of which each yields its own number.
   * @param job chunks of the one are done at once, those of the other never
   * @param signal stops it
   */
  run(
    job: 'quick' | 'endless',
    chunks: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly Outcome[]>;
};

export function holdsSandboxPromises(begin: () => Promise<SandboxWorld>): void {
  test('each chunk has one outcome, in their order', async () => {
    const world = await begin();
    expect(shown(await world.run('quick', [3, 1, 2]))).toEqual([3, 1, 2]);
    expect(shown(await world.run('quick', []))).toEqual([]);
  });

  test('there may be more batches than threads', async () => {
    const world = await begin();
    const batches = Array.from({ length: 3 * world.slots }, (_, number) => [number, number + 1]);
    const runs = await Promise.all(batches.map((chunks) => world.run('quick', chunks)));
    expect(runs.map(shown)).toEqual(batches);
  });

  test('of runs that are stopped all comes back as returned, and others go on', async () => {
    const world = await begin();
    const stop = new AbortController();
    // One more than there are threads: it waits, and so does the quick one behind it.
    const batches = Array.from({ length: world.slots + 1 }, (_, number) => [number, number + 1]);
    const runs = batches.map((chunks) => world.run('endless', chunks, stop.signal));
    const other = world.run('quick', [5]);
    stop.abort();
    const returned = ['returned', 'returned'];
    expect((await Promise.all(runs)).map(shown)).toEqual(batches.map(() => returned));
    expect(shown(await other)).toEqual([5]);
  });

  test('a stop is for its own run, and for no other of a job with the same id', async () => {
    const world = await begin();
    const stop = new AbortController();
    const before = world.run('quick', [6]);
    const stopped = world.run('quick', [7, 8, 9], stop.signal);
    stop.abort();
    expect(shown(await stopped)).toEqual(['returned', 'returned', 'returned']);
    expect(shown(await before)).toEqual([6]);
    expect(shown(await world.run('quick', [7]))).toEqual([7]);
  });

  test('what was stopped before it began never runs', async () => {
    const world = await begin();
    expect(shown(await world.run('endless', [1], AbortSignal.abort()))).toEqual(['returned']);
  });
}

/** Numbers of results, and how it ended otherwise. CBOR of a small number is one byte. */
function shown(outcomes: readonly Outcome[]): unknown[] {
  return outcomes.map((outcome) => (outcome.type === 'result' ? outcome.value[0] : outcome.type));
}
