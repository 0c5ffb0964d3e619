import { expect, test } from 'vitest';

import type { ChunkBatch, ChunkOutcome, Sandbox } from '../../../src/ports.ts';
import type { ProgramFetch } from '../../../src/runtime/program-fetch.ts';
import { type ChunkAgain, Recomputation } from '../../../src/runtime/recomputation.ts';
import { programKey } from '../../../src/model/program.ts';
import { evidenceOf } from '../../support/protocol-accusations.ts';
import {
  anna,
  chunkLimitsOf,
  digestNumbered,
  givenLimits,
} from '../../support/protocol-fixtures.ts';

const { evidence } = evidenceOf(1);
const again: ChunkAgain = { ...evidence, holder: anna };
const right: ChunkOutcome = {
  outcome: { type: 'result', digest: evidence.accepted, value: Uint8Array.of() },
  computeMs: 1,
};
const returned: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

type Loaded = Awaited<ReturnType<ProgramFetch['load']>>;

function recomputationWith(
  outcomes: ChunkOutcome[],
  { loaded, fetched }: { loaded?: Loaded; fetched?: Uint8Array } = {},
) {
  const batches: ChunkBatch[] = [];
  const loads: unknown[] = [];
  const sandbox: Pick<Sandbox, 'run'> = {
    run: async (batch) => {
      batches.push(batch);
      return outcomes.splice(0, 1);
    },
  };
  const recomputation = new Recomputation({
    limits: givenLimits,
    programs: {
      load: async (request) => {
        loads.push(request);
        return loaded ?? { type: 'program-ready', program: request.program };
      },
    },
    sandbox,
    transport: {
      fetchBlob: async () => {
        if (fetched === undefined) throw new Error('it is away');
        return fetched;
      },
    },
  });
  return { recomputation, batches, loads };
}

test('a chunk is computed as its job has it, with the program of who has it', async () => {
  const { recomputation, batches, loads } = recomputationWith([right]);
  const { program: ref, limits, job, chunk, addresses } = evidence;
  expect(await recomputation.compute(again)).toEqual({ type: 'digest', digest: evidence.accepted });
  const program = programKey(ref, limits.memoryBytesMax);
  expect(loads).toEqual([
    { type: 'fetch-program', requester: anna, addresses, program, ref, limits },
  ]);
  const chunks = [{ lease: 0, chunk, input: Uint8Array.of(1) }];
  expect(batches).toEqual([{ job, program, limits, chunks }]);
});

test('a large input is fetched', async () => {
  const { recomputation, batches } = recomputationWith([right], { fetched: Uint8Array.of(5) });
  const input = { digest: digestNumbered(1), bytes: 1 };
  expect((await recomputation.compute({ ...again, input })).type).toBe('digest');
  expect(batches[0]?.chunks[0]?.input).toEqual(Uint8Array.of(5));
});

test('it has a minute at most', async () => {
  const { recomputation, batches } = recomputationWith([right]);
  const limits = chunkLimitsOf({ wallMsMax: 3_600_000 });
  expect((await recomputation.compute({ ...again, limits })).type).toBe('digest');
  expect(batches[0]?.limits.wallMsMax).toBe(60_000);
});

test('what comes back uncomputed is tried again, and not for ever', async () => {
  const twice = recomputationWith([returned, returned, right]);
  expect((await twice.recomputation.compute(again)).type).toBe('digest');
  const never = recomputationWith([returned, returned, returned, right]);
  expect(await never.recomputation.compute(again)).toEqual({
    type: 'nothing',
    reason: 'there was no time for it',
  });
});

test.each<[string, () => ReturnType<typeof recomputationWith>, Partial<ChunkAgain>, string]>([
  [
    'wants more than this peer gives',
    () => recomputationWith([right]),
    { limits: chunkLimitsOf({ memoryBytesMax: 2 ** 30 }) },
    'it needs 1 GiB of memory a chunk; this peer gives 512 MiB',
  ],
  [
    'has a program that can’t be had',
    () =>
      recomputationWith([right], {
        loaded: { type: 'program-failed', program: 'javascript:x', reason: 'no compute' },
      }),
    {},
    'no compute',
  ],
  [
    'has an input that can’t be had',
    () => recomputationWith([right]),
    { input: { digest: digestNumbered(1), bytes: 1 } },
    'its input could not be had: it is away',
  ],
  [
    'fails',
    () =>
      recomputationWith([
        { outcome: { type: 'failure', failure: { kind: 'timed-out', detail: '' } }, computeMs: 1 },
      ]),
    {},
    'it fails: timed-out',
  ],
])('of a chunk that %s nothing is known', async (_what, create, changes, reason) => {
  const result = await create().recomputation.compute({ ...again, ...changes });
  expect(result).toEqual({ type: 'nothing', reason });
});
