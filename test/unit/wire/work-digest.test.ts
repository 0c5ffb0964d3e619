import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { digestOf } from '../../../src/wire/digest.ts';
import { workDigests, workDigestsByInput } from '../../../src/wire/work-digest.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

const program = digestNumbered(1);
const setup = { digest: digestNumbered(2), bytes: 10 };
const limits = { memoryBytesMax: 2 ** 28 };
const work = { program, setup, limits };
const input = Uint8Array.of(1, 2, 3);

test('work is named by the digests of program, setup and input, and by its memory', () => {
  const memory = '0000000010000000';
  const concatenated = [program, setup.digest, digestOf(input), memory].join('');
  const expected = createHash('sha256').update(Buffer.from(concatenated, 'hex')).digest('hex');
  expect(workDigests(work)(input)).toBe(expected);
  expect(workDigestsByInput(work)(digestOf(input))).toBe(expected);
});

test('other work has another name', () => {
  const names = [
    workDigests({ program, limits })(input),
    workDigests({ program, limits })(Uint8Array.of(1, 2)),
    workDigests({ program, limits: { memoryBytesMax: 2 ** 53 - 1 } })(input),
    workDigests(work)(input),
    workDigests({ ...work, setup: { ...setup, digest: digestNumbered(3) } })(input),
    workDigests({ ...work, program: digestNumbered(3) })(input),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('one after the other they do not mix', () => {
  const workOf = workDigests(work);
  const first = workOf(input);
  workOf(Uint8Array.of(9));
  expect(workOf(input)).toBe(first);
});
