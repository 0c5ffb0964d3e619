import { expect, test } from 'vitest';

import { Assembler } from '../../../../src/protocol/requester/assembler.ts';
import { createRandom, sample } from '../../../../src/protocol/random.ts';

test('a chunk is accepted once', () => {
  const assembler = new Assembler();
  expect(assembler.accept(5)).toBe(true);
  expect(assembler.accept(5)).toBe(false);
  expect(assembler.accepted).toBe(1);
  expect([4, 5, 6].map((chunk) => assembler.has(chunk))).toEqual([false, true, false]);
});

test('what is contiguous grows over what was accepted ahead of it', () => {
  const assembler = new Assembler();
  const contiguous = [1, 2, 4, 0, 3, 5].map((chunk) => {
    assembler.accept(chunk);
    return assembler.contiguous;
  });
  expect(contiguous).toEqual([0, 0, 0, 3, 5, 6]);
});

test('chunks far beyond the first bits are remembered, and those before them too', () => {
  const assembler = new Assembler();
  for (const chunk of [0, 1023, 1024, 9_999_999]) assembler.accept(chunk);
  expect([0, 1023, 1024, 9_999_999].every((chunk) => assembler.has(chunk))).toBe(true);
  expect([1, 1022, 1025, 9_999_998, 10_000_000].some((chunk) => assembler.has(chunk))).toBe(false);
  expect(assembler.accepted).toBe(4);
});

test('chunks accepted in any order are all contiguous in the end', () => {
  const chunks = Array.from({ length: 5000 }, (_, chunk) => chunk);
  const assembler = new Assembler();
  for (const chunk of sample(createRandom(1), chunks, 5000)) assembler.accept(chunk);
  expect([assembler.accepted, assembler.contiguous]).toEqual([5000, 5000]);
});

test('a chunk that is opened again is not accepted, and ends what is contiguous', () => {
  const assembler = new Assembler();
  for (const chunk of [0, 1, 2, 3, 9]) assembler.accept(chunk);
  assembler.reopen(2);
  expect([assembler.has(2), assembler.accepted, assembler.contiguous]).toEqual([false, 4, 2]);
  // Nor is it counted twice, or one that was never accepted.
  for (const chunk of [2, 5, 9_999]) assembler.reopen(chunk);
  expect([assembler.accepted, assembler.contiguous]).toEqual([4, 2]);
  assembler.reopen(9);
  expect([assembler.accepted, assembler.contiguous]).toEqual([3, 2]);
  expect(assembler.accept(2)).toBe(true);
  expect([assembler.accepted, assembler.contiguous]).toEqual([4, 4]);
});
