import { expect, test } from 'vitest';

import { exitCodeOf, exitCodes } from '../../../src/cli/exit-codes.ts';
import { gridErrorCodes } from '../../../src/model/errors.ts';

test('every kind of trouble has an exit code that is explained, and none is 0', () => {
  const explained = new Set(exitCodes.map(({ number }) => number));
  const used = new Set(gridErrorCodes.map(exitCodeOf));
  expect(used.has(0)).toBe(false);
  expect([0, ...used].sort((a, b) => a - b)).toEqual([...explained].sort((a, b) => a - b));
});
