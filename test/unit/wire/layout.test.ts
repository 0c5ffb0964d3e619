import { expect, test } from 'vitest';

import { layoutOf } from '../../../src/wire/layout.ts';

test('a layout has the fields of its message, and the layouts of the messages in it', () => {
  const once = { isRepeated: false, layout: undefined };
  expect([...layoutOf('Leases')]).toEqual([
    [1, { ...once, wireType: 2, varintBytesMax: 0 }],
    [2, { ...once, wireType: 0, varintBytesMax: 5 }],
    [3, { wireType: 2, varintBytesMax: 0, isRepeated: true, layout: layoutOf('Lease') }],
  ]);
  expect(layoutOf('Lease').get(1)).toEqual({ ...once, wireType: 0, varintBytesMax: 10 });
});

test('a message that is not there is said so', () => {
  expect(() => layoutOf('Nothing')).toThrow('proto/ has no message Nothing');
});
