import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { digestOf } from '../../../src/wire/digest.ts';
import { workDigests } from '../../../src/wire/work-digest.ts';
import { digestNumbered } from '../../support/protocol-fixtures.ts';

const program = digestNumbered(1);
const setup = { digest: digestNumbered(2), bytes: 10 };
const input = Uint8Array.of(1, 2, 3);

test('work is named by the digests of its program, its setup and its input', () => {
  const concatenated = [program, setup.digest, digestOf(input)].join('');
  const expected = createHash('sha256').update(Buffer.from(concatenated, 'hex')).digest('hex');
  expect(workDigests({ program, setup })(input)).toBe(expected);
});

test('other work has another name', () => {
  const names = [
    workDigests({ program })(input),
    workDigests({ program })(Uint8Array.of(1, 2)),
    workDigests({ program, setup })(input),
    workDigests({ program, setup: { ...setup, digest: digestNumbered(3) } })(input),
    workDigests({ program: digestNumbered(3), setup })(input),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('one after the other they do not mix', () => {
  const workOf = workDigests({ program });
  const first = workOf(input);
  workOf(Uint8Array.of(9));
  expect(workOf(input)).toBe(first);
});
