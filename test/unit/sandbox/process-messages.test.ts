import { describe, expect, test } from 'vitest';

import { readMessage } from '../../../src/sandbox/process-messages.ts';

const outcomes = { type: 'outcomes', id: 1, kinds: [0, 1], computeMs: [1.5, 0], ends: [3, 5] };
const failure = { kind: 'threw', detail: 'why' };

describe('a message of the process', () => {
  test.each([
    [{ type: 'ready' }, 0],
    [{ type: 'pong', id: 1, memoryBytes: 5 }, 0],
    [{ type: 'loaded', id: 1, exports: ['split', 'verify'] }, 0],
    [{ type: 'loaded', id: 1, failure }, 0],
    [{ type: 'program-missing', id: 1 }, 0],
    [{ type: 'step-ended', id: 1 }, 0],
    [outcomes, 5],
    [{ type: 'said', id: 1, said: { type: 'input-wanted' } }, 0],
    [{ type: 'said', id: 1, said: { type: 'results-wanted' } }, 0],
    [{ type: 'said', id: 1, said: { type: 'chunks', ended: true, ends: [2, 2] } }, 2],
    [{ type: 'said', id: 1, said: { type: 'output', kind: 'json', bytes: 9 } }, 4],
    [{ type: 'said', id: 1, said: { type: 'failed', reason: 'why' } }, 0],
  ])('is taken for what it is: %j', (message, bodyBytes) => {
    expect(readMessage(message, bodyBytes)).toEqual(message);
  });

  test.each([
    [null, 0],
    ['ready', 0],
    [[], 0],
    [{}, 0],
    [{ type: 'pong', memoryBytes: 5 }, 0],
    [{ type: 'pong', id: -1, memoryBytes: 5 }, 0],
    [{ type: 'pong', id: 1, memoryBytes: 'much' }, 0],
    [{ type: 'NODE_HANDLE', id: 1 }, 0],
    [{ type: 'ping', id: 1 }, 0],
    [{ type: 'loaded', id: 1 }, 0],
    [{ type: 'loaded', id: 1, exports: ['split', 'constructor'] }, 0],
    [{ type: 'loaded', id: 1, failure: 'why' }, 0],
    [{ type: 'loaded', id: 1, failure: { ...failure, kind: 'bored' } }, 0],
    [{ type: 'loaded', id: 1, failure: { ...failure, detail: 'x'.repeat(10_000) } }, 0],
    [{ ...outcomes, ends: [3, 4] }, 5],
    [{ ...outcomes, ends: [6, 5] }, 5],
    [{ ...outcomes, ends: [5] }, 5],
    [{ ...outcomes, ends: 5 }, 5],
    [{ ...outcomes, ends: [0.5, 5] }, 5],
    [{ ...outcomes, kinds: [0, 99] }, 5],
    [{ ...outcomes, kinds: [0] }, 5],
    [{ ...outcomes, computeMs: [1, Number.NaN] }, 5],
    [{ ...outcomes, computeMs: [1, -1] }, 5],
    [{ type: 'outcomes', id: 1, ...listsOf(2000) }, 0],
    [{ type: 'said', id: 1 }, 0],
    [{ type: 'said', id: 1, said: { type: 'checked' } }, 0],
    [{ type: 'said', id: 1, said: { type: 'chunks', ended: 1, ends: [] } }, 0],
    [{ type: 'said', id: 1, said: { type: 'chunks', ended: true, ends: [1] } }, 0],
    [{ type: 'said', id: 1, said: { type: 'output', kind: 'html', bytes: 0 } }, 0],
    [{ type: 'said', id: 1, said: { type: 'output', kind: 'text', bytes: -1 } }, 0],
    [{ type: 'said', id: 1, said: { type: 'failed', reason: 1 } }, 0],
  ])('is none when it has another shape: %.80j', (message, bodyBytes) => {
    expect(readMessage(message, bodyBytes)).toBeUndefined();
  });

  test('is left with nothing but what it should have', () => {
    const message = { type: 'step-ended', id: 1, more: 'x' };
    expect(readMessage(message, 0)).toEqual({ type: 'step-ended', id: 1 });
  });
});

function listsOf(length: number): object {
  const list = Array.from({ length }, () => 0);
  return { kinds: list, computeMs: list, ends: list };
}
