import { expect, onTestFinished, test, vi } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import type { ChunkLimits } from '../../../src/model/job.ts';
import { programKey } from '../../../src/model/program.ts';
import type { Failure } from '../../../src/model/replica.ts';
import type { ChunkBatch, ChunkOutcome, LoadableProgram, Sandbox } from '../../../src/ports.ts';
import type { ProgramFetch } from '../../../src/runtime/program-fetch.ts';
import { type ChunkAgain, Recomputation } from '../../../src/runtime/recomputation.ts';
import { evidenceOf } from '../../support/protocol-accusations.ts';
import {
  anna,
  chunkLimitsOf,
  digestNumbered,
  givenLimits,
  self,
} from '../../support/protocol-fixtures.ts';

const { evidence } = evidenceOf(1);
const again: ChunkAgain = { ...evidence, holder: anna };
const right = evidence.accepted;
const key = programKey(evidence.program, evidence.limits.memoryBytesMax);

type Answer = Digest | 'returned' | Failure['kind'];
type Loaded = Awaited<ReturnType<ProgramFetch['load']>>;

function outcomeOf(answer: Answer | undefined): ChunkOutcome {
  if (answer === 'returned' || answer === undefined) {
    return { outcome: { type: 'returned' }, computeMs: 0 };
  }
  if (answer.length === 64) {
    const digest = digestNumbered(Number.parseInt(answer, 16));
    return { outcome: { type: 'result', digest, value: Uint8Array.of() }, computeMs: 1 };
  }
  return { outcome: { type: 'failure', failure: { kind: 'timed-out', detail: '' } }, computeMs: 1 };
}

type Parts = {
  /** Of the chunks that are run, in their order; when none is left, the last one again. */
  readonly answers?: readonly Answer[];
  readonly loaded?: Loaded;
  readonly failure?: Failure;
  readonly fetch?: (address: string, bytes: number) => Promise<Uint8Array>;
  readonly run?: () => Promise<void>;
};

function recomputationWith({ answers = [right], loaded, failure, fetch, run }: Parts = {}) {
  const batches: ChunkBatch[] = [];
  const ownLoads: unknown[] = [];
  const loads: { program: LoadableProgram; limits: ChunkLimits }[] = [];
  const fetched: string[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const clock = { ms: 0 };
  const left = [...answers];
  const next = (): Answer | undefined => (left.length > 1 ? left.shift() : left[0]);
  const sandbox: Pick<Sandbox, 'load' | 'run'> = {
    load: async (program, limits) => {
      loads.push({ program, limits });
      return failure;
    },
    run: async (batch, signal) => {
      batches.push(batch);
      signals.push(signal);
      await run?.();
      return batch.chunks.map(() => outcomeOf(next()));
    },
  };
  const recomputation = new Recomputation({
    self,
    limits: givenLimits,
    clock: { nowMs: () => clock.ms },
    programs: {
      load: async (request) => {
        ownLoads.push(request);
        return loaded ?? { type: 'program-ready', program: request.program };
      },
    },
    sandbox,
    transport: {
      fetchBlob: async (_peer, addresses, blob, bytes) => {
        const [address = ''] = addresses;
        fetched.push(`${address} ${blob}`);
        return fetch === undefined ? new Uint8Array(bytes) : fetch(address, bytes);
      },
    },
  });
  return { recomputation, batches, loads, ownLoads, fetched, signals, clock };
}

/** @returns what ends the time that there is for a check */
function endOfTime() {
  const late = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal);
  onTestFinished(() => timeout.mockRestore());
  return { late, askedFor: () => timeout.mock.calls };
}

test('a chunk is computed alone, then some times together', async () => {
  const { recomputation, batches, loads, ownLoads } = recomputationWith();
  const { limits, chunk } = evidence;
  expect(await recomputation.compute(again)).toEqual({
    type: 'digest',
    digest: right,
    ranMs: 0,
    address: 'anna:1',
  });
  const input = Uint8Array.of(1);
  expect(batches.map(({ chunks }) => chunks)).toEqual([
    [{ lease: 0, chunk, input }],
    [0, 1, 2, 3].map((lease) => ({ lease, chunk, input })),
  ]);
  expect(batches.map((batch) => batch.limits)).toEqual([limits, limits]);
  expect([loads.length, ownLoads]).toEqual([1, []]);
});

test('it runs as a chunk of its job, whose id random bytes are made of', async () => {
  const { recomputation, batches } = recomputationWith();
  await recomputation.compute(again);
  expect(batches.map(({ job }) => job)).toEqual([evidence.job, evidence.job]);
});

test('its program is loaded apart from those of jobs', async () => {
  const { recomputation, batches, loads } = recomputationWith();
  await recomputation.compute(again);
  expect(loads[0]?.program.key).not.toBe(key);
  expect(batches[0]?.program).toBe(loads[0]?.program.key);
});

test('an own chunk is computed with the program that its job has', async () => {
  const { recomputation, batches, loads, ownLoads, fetched } = recomputationWith();
  const { addresses, program: ref, limits } = evidence;
  const result = await recomputation.compute({ ...again, holder: self });
  expect(result).toEqual({ type: 'digest', digest: right, ranMs: 0 });
  const type = 'fetch-program';
  expect(ownLoads).toEqual([{ type, requester: self, addresses, program: key, ref, limits }]);
  expect([loads, fetched]).toEqual([[], []]);
  expect(batches[0]?.program).toBe(key);
});

const other = digestNumbered(7);

test.each<[string, readonly Answer[]]>([
  ['alone', [other, right]],
  ['first of several', [right, other, right]],
  ['last of several', [right, right, right, right, other]],
])('what comes out otherwise %s says nothing', async (_where, answers) => {
  const { recomputation } = recomputationWith({ answers });
  expect(await recomputation.compute(again)).toMatchObject({
    type: 'nothing',
    reason: 'it is not the same each time',
  });
});

test.each([
  [10_000, 4],
  [18_000, 2],
  [40_000, 2],
])('of one that takes %i ms so many copies fit: %i', async (ms, copies) => {
  const parts = recomputationWith({
    run: async () => {
      parts.clock.ms += ms;
    },
  });
  const { ranMs } = await parts.recomputation.compute(again);
  expect(parts.batches.map(({ chunks }) => chunks.length)).toEqual([1, copies]);
  expect(ranMs).toBe(2 * ms);
});

test('a large input is fetched', async () => {
  const { recomputation, batches, fetched } = recomputationWith({
    fetch: async (_address, bytes) => new Uint8Array(bytes).fill(5),
  });
  const input = { digest: digestNumbered(1), bytes: 1 };
  expect((await recomputation.compute({ ...again, input })).type).toBe('digest');
  expect(batches[0]?.chunks[0]?.input).toEqual(Uint8Array.of(5));
  expect(fetched).toContain(`anna:1 ${input.digest}`);
});

test('no run has more than a minute', async () => {
  const { recomputation, batches } = recomputationWith();
  const limits = chunkLimitsOf({ wallMsMax: 3_600_000 });
  expect((await recomputation.compute({ ...again, limits })).type).toBe('digest');
  expect(batches[0]?.limits.wallMsMax).toBe(60_000);
});

test('what is not fetched within a minute is given up', async () => {
  const { late, askedFor } = endOfTime();
  const asked = Promise.withResolvers<void>();
  const { recomputation, batches } = recomputationWith({
    fetch: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  });
  const result = recomputation.compute(again);
  await asked.promise;
  late.abort();
  expect(await result).toEqual({ type: 'nothing', reason: 'there was no time for it', ranMs: 0 });
  expect([askedFor(), batches]).toEqual([[[60_000]], []]);
});

test('what is not computed within a minute is stopped', async () => {
  const { late } = endOfTime();
  const parts = recomputationWith({
    run: () => {
      parts.clock.ms += 60_000;
      late.abort();
      return new Promise(() => {});
    },
  });
  expect(await parts.recomputation.compute(again)).toMatchObject({
    type: 'nothing',
    ranMs: 60_000,
  });
  expect(parts.signals.map((signal) => signal?.aborted)).toEqual([true]);
});

test('what comes back uncomputed is tried again, and not for ever', async () => {
  const twice = recomputationWith({ answers: ['returned', 'returned', right] });
  expect((await twice.recomputation.compute(again)).type).toBe('digest');
  const never = recomputationWith({ answers: ['returned'] });
  expect(await never.recomputation.compute(again)).toMatchObject({
    type: 'nothing',
    reason: 'there was no time for it',
  });
  expect(never.batches).toHaveLength(3);
});

const failed: Loaded = { type: 'program-failed', program: 'javascript:x', reason: 'no compute' };

test.each<[string, Parts, Partial<ChunkAgain>, string]>([
  [
    'wants more than this peer gives',
    {},
    { limits: chunkLimitsOf({ memoryBytesMax: 2 ** 30 }) },
    'it needs 1 GiB of memory a chunk; this peer gives 512 MiB',
  ],
  ['has an own program that can’t be had', { loaded: failed }, { holder: self }, 'no compute'],
  [
    'has a program that can’t be run',
    { failure: { kind: 'threw', detail: 'x' } },
    {},
    "its program can't be run: threw",
  ],
  [
    'has a program that can’t be had',
    { fetch: () => Promise.reject(new Error('it is away')) },
    {},
    'it could not be had: it is away',
  ],
  ['fails', { answers: ['timed-out'] }, {}, 'it fails: timed-out'],
])('of a chunk that %s nothing is known', async (_what, parts, changes, reason) => {
  const result = await recomputationWith(parts).recomputation.compute({ ...again, ...changes });
  expect(result).toMatchObject({ type: 'nothing', reason });
});
