import { expect, test } from 'vitest';

import type { ScriptFunction } from '../../../src/model/program.ts';
import { loadableScript } from '../../../src/runtime/loadable.ts';
import { tryComparison } from '../../../src/runtime/try-comparison.ts';
import { decodeCanonical, encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { chunkLimitsOf, specOf } from '../../support/protocol-fixtures.ts';

const limits = chunkLimitsOf();
const script = loadableScript(specOf().program, limits.memoryBytesMax, [], async () => Buffer.of());

/** @param answer what the script says of two values */
function tried(
  exports: readonly ScriptFunction[],
  answer: (call: string, first: unknown, second: unknown) => unknown,
) {
  const sandbox = fakeSandbox({
    exportsOf: () => exports,
    run: async ({ call = '', chunks }) =>
      chunks.map(({ input }) => {
        const [first, second] = pairOf(input).map(decodeCanonical);
        const value = encodeCanonical(answer(call, first, second));
        return { outcome: { type: 'result', digest: digestOf(value), value }, computeMs: 1 };
      }),
  });
  const inputs = [6, 15].map(encodeCanonical);
  const values = [
    [2, 3],
    [3, 5],
  ].map(encodeCanonical);
  const given = { script, limits, inputs, values };
  return Array.fromAsync(tryComparison(given, sandbox));
}

function pairOf(input: Uint8Array): Uint8Array[] {
  const pair = decodeCanonical(input);
  if (!Array.isArray(pair)) throw new Error('no pair');
  return pair.filter((value) => value instanceof Uint8Array);
}

test('nothing is asked of a script that exports neither', async () => {
  expect(await tried(['split', 'compute', 'merge'], () => false)).toEqual([]);
});

test('each result is compared with itself, and verified against its chunk', async () => {
  const asked: unknown[] = [];
  const events = await tried(['equals', 'verify'], (...call) => asked.push(call) > 0);
  expect(events).toEqual([
    { type: 'compared', by: 'equals', chunks: 2 },
    { type: 'compared', by: 'verify', chunks: 2 },
  ]);
  expect(asked).toEqual([
    ['equals', [2, 3], [2, 3]],
    ['equals', [3, 5], [3, 5]],
    ['verify', 6, [2, 3]],
    ['verify', 15, [3, 5]],
  ]);
});

test.each([
  ['equals', false, 'equals(result, result) of chunk 1 is false'],
  ['verify', false, 'verify(chunk, result) of chunk 1 and its result is false'],
  ['verify', 'so', 'chunk 1 and its result says neither true nor false'],
] as const)('a job whose %s says %j of a result is told', async (name, answer, words) => {
  const error = await gridErrorOf(
    tried([name], (_call, _first, second) => (String(second) === '3,5' ? answer : true)),
  );
  expect([error.code, error.message]).toEqual(['job-failed', expect.stringContaining(words)]);
});
