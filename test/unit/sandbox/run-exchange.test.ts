import { expect, test } from 'vitest';

import { digestOf } from '../../../src/wire/digest.ts';
import { outcomeFrames } from '../../../src/sandbox/incoming-run.ts';
import { PendingBatch } from '../../../src/sandbox/pending-batch.ts';
import { type FromProcess, readMessage } from '../../../src/sandbox/process-messages.ts';
import { RunExchange } from '../../../src/sandbox/run-exchange.ts';
import { failureKinds } from '../../../src/model/replica.ts';
import type { ChunkOutcome } from '../../../src/ports.ts';
import { batchOf } from '../../support/job-runner.ts';

function resultOf(value: Uint8Array): ChunkOutcome {
  return { outcome: { type: 'result', digest: digestOf(value), value }, computeMs: 1.5 };
}

/** Comparing megabytes takes seconds; they have a digest. */
function withoutBytes({ outcome, computeMs }: ChunkOutcome): unknown {
  return { outcome: { ...outcome, value: undefined }, computeMs };
}

const returned: ChunkOutcome = { outcome: { type: 'returned' }, computeMs: 0 };

/** As many as there are outcomes. */
function batchFor(outcomes: readonly unknown[], resultBytesMax = 1000) {
  return batchOf(
    'javascript:x',
    outcomes.map(() => 0),
    { resultBytesMax },
  );
}

test('outcomes of all kinds come over as they were', async () => {
  const failures = failureKinds.map((kind): ChunkOutcome => ({
    outcome: { type: 'failure', failure: { kind, detail: `${kind} ü` } },
    computeMs: 2,
  }));
  const large = Array.from({ length: 5 }, () => resultOf(new Uint8Array(1024 * 1024)));
  const outcomes = [resultOf(Uint8Array.of(1)), returned, ...failures, ...large];
  const pending = new PendingBatch(batchFor(outcomes, 2 ** 20));
  const run = new RunExchange(pending, [...outcomes.keys()]);
  const frames = [...outcomeFrames(outcomes)].map(({ message, body }) => {
    const bytes = new Uint8Array(Buffer.concat(body));
    const read = readMessage({ type: 'outcomes', id: 1, ...message }, bytes.byteLength);
    return read && run.receive(read, bytes);
  });
  expect(frames).toEqual(['more', 'more', 'last']);
  expect((await pending.done).map(withoutBytes)).toEqual(outcomes.map(withoutBytes));
  expect(await run.done).toBe(true);
});

test('a run of some chunks settles those and no others', () => {
  const pending = new PendingBatch(batchFor([0, 1, 2, 3]));
  const run = new RunExchange(pending, [1, 3]);
  expect(run.receive(outcomesOf(0, 2), Uint8Array.of(7, 8))).toBe('last');
  expect(pending.unsettled([0, 1, 2, 3])).toEqual([0, 2]);
});

test('a run of a program that the process does not have settles nothing', async () => {
  const pending = new PendingBatch(batchFor([0]));
  const run = new RunExchange(pending, [0]);
  expect(run.receive({ type: 'program-missing', id: 1 }, new Uint8Array(0))).toBe('last');
  expect(await run.done).toBe(false);
  expect(pending.unsettled([0])).toEqual([0]);
});

test.each([
  ['too many outcomes', outcomesOf(0, 3), 3],
  ['none', outcomesOf(0, 0), 0],
  ['too large a result', { ...outcomesOf(0, 2), ends: [1, 2000] }, 2000],
  ['what no run says', { type: 'step-ended', id: 1 } as const, 0],
])('%s are a breach, and nothing is taken from them', (_what, message, bodyBytes) => {
  const pending = new PendingBatch(batchFor([0, 1]));
  const run = new RunExchange(pending, [0, 1]);
  expect(run.receive(message, new Uint8Array(bodyBytes))).toBe('breach');
  expect(pending.unsettled([0, 1])).toEqual([0, 1]);
});

test('more results than a batch may come to are a breach', () => {
  const each = new Uint8Array(2 ** 24);
  const pending = new PendingBatch(batchFor([0, 1, 2, 3], each.length));
  const run = new RunExchange(pending, [0, 1, 2, 3]);
  const one = { ...outcomesOf(0, 1), ends: [each.length] };
  expect([1, 2, 3].map(() => run.receive(one, each))).toEqual(['more', 'more', 'breach']);
  expect(pending.unsettled([0, 1, 2, 3])).toEqual([2, 3]);
});

test('a program that is missing after its first outcomes is a breach', () => {
  const run = new RunExchange(new PendingBatch(batchFor([0, 1])), [0, 1]);
  expect(run.receive(outcomesOf(0, 1), Uint8Array.of(1))).toBe('more');
  expect(run.receive({ type: 'program-missing', id: 1 }, new Uint8Array(0))).toBe('breach');
});

/** So many outcomes of a kind, each of a byte. */
function outcomesOf(kind: number, count: number): FromProcess & { readonly type: 'outcomes' } {
  const each = Array.from({ length: count }, (_, n) => n);
  return {
    type: 'outcomes',
    id: 1,
    kinds: each.map(() => kind),
    computeMs: each.map(() => 0),
    ends: each.map((n) => n + 1),
  };
}
