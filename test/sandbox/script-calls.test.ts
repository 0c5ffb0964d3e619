/** `equals` and `verify` of a script, called in the real sandbox. */

import { afterAll, expect, test } from 'vitest';

import type { ChunkLimits } from '../../src/model/job.ts';
import { type Pair, ScriptCalls } from '../../src/runtime/script-calls.ts';
import { builtSandbox } from '../support/built-path.ts';
import { encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { generousLimits, scriptOf } from '../support/job-runner.ts';

// Of a peer that only asks: it has to be able to compare all the same.
const sandbox = builtSandbox({ slots: 0 });
afterAll(() => sandbox.close());

const pairOf = (first: unknown, second: unknown): Pair => [
  encodeCanonical(first),
  encodeCanonical(second),
];

async function callsOf(text: string, changes: Partial<ChunkLimits> = {}) {
  const source = new TextEncoder().encode(text);
  const script = scriptOf(source, []);
  const limits = { ...generousLimits, ...changes };
  expect(await sandbox.load(script, limits)).toBeUndefined();
  return new ScriptCalls({ script, limits }, { sandbox });
}

test('both values come as what they were, and the answers in order', async () => {
  const calls = await callsOf(`({
    equals: (a, b) => Math.abs(a.x - b.x) <= 0.5,
    verify: async (n, [p, q]) => p * q === n,
  })`);
  const sums = [pairOf({ x: 1 }, { x: 1.25 }), pairOf({ x: 1 }, { x: 2 })];
  expect(await calls.ask('equals', sums)).toEqual(['yes', 'no']);
  expect(await calls.ask('verify', [pairOf(15, [3, 5]), pairOf(15, [3, 4])])).toEqual([
    'yes',
    'no',
  ]);
});

test('a WASI program’s chunk and result are bytes', async () => {
  const calls = await callsOf(`({
    verify: (stdin, stdout) => stdin instanceof Uint8Array && stdin[0] === stdout[0],
  })`);
  const given = [pairOf(Uint8Array.of(1), Uint8Array.of(1)), pairOf('1', Uint8Array.of(1))];
  expect(await calls.ask('verify', given)).toEqual(['yes', 'no']);
});

test('a value that breaks the function breaks its own call and no other', async () => {
  const calls = await callsOf(
    `({ equals: (a, b) => { if (b === 'spin') for (;;) {} return a.x === b.x; } })`,
    { wallMsMax: 300 },
  );
  const given = [pairOf({ x: 1 }, { x: 1 }), pairOf({ x: 1 }, null), pairOf({ x: 1 }, 'spin')];
  expect(await calls.ask('equals', [...given, pairOf({ x: 1 }, { x: 2 })])).toEqual([
    'yes',
    { kind: 'threw', detail: expect.stringContaining('equals: TypeError') },
    { kind: 'timed-out', detail: expect.stringContaining('equals: ') },
    'no',
  ]);
});

test('bytes that are no value, or more than one, can not pass for others', async () => {
  const calls = await callsOf('({ equals: () => true })');
  const one = encodeCanonical(1);
  // Between two items of a list, the rest of the one and the other would be an item of their own.
  const twoInOne = Buffer.of(0x01, 0x42);
  const given: Pair[] = [
    [one, one],
    [twoInOne, twoInOne],
    [one, Buffer.of()],
    [one, Buffer.of(0x82, 0x01)],
  ];
  const answers = await calls.ask('equals', given);
  expect(answers[0]).toBe('yes');
  expect(answers.slice(1)).toMatchObject([1, 2, 3].map(() => ({ kind: 'threw' })));
});

test('two values of the largest size cross to the sandbox', async () => {
  const calls = await callsOf('({ equals: (a, b) => a.length === b.length })');
  const largest = new Uint8Array(2 ** 20);
  const answers = await calls.ask('equals', Array(5).fill(pairOf(largest, largest)));
  expect(answers).toEqual(Array(5).fill('yes'));
});

test('what a script exports of what jobs use is known once it was loaded', async () => {
  const source = new TextEncoder().encode('({ compute: () => 1, verify: () => true, x: 1 })');
  const script = scriptOf(source, ['compute']);
  expect(sandbox.exportsOf(script.key)).toEqual([]);
  await sandbox.load(script, generousLimits);
  expect(sandbox.exportsOf(script.key)).toEqual(['compute', 'verify']);
  const wrong = scriptOf(new TextEncoder().encode('({ compute: () => 1, verify: true })'));
  expect(await sandbox.load(wrong, generousLimits)).toMatchObject({ kind: 'threw' });
});
