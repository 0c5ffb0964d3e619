import { expect, test } from 'vitest';

import { Column, Rows } from '../../../src/runtime/columns.ts';

test('a column has as many numbers as are pushed', () => {
  const column = new Column();
  for (let number = 0; number < 5000; number++) column.push(number * 3);
  expect([column.length, column.at(0), column.at(4999), column.at(5000)]).toEqual([
    5000, 0, 14997, 0,
  ]);
});

test('rows are found again, and compared by how they begin', () => {
  const rows = new Rows(4);
  for (let row = 0; row < 300; row++) rows.push(Buffer.of(row >> 8, row & 255, 7, 9));
  expect([rows.length, rows.hex(299, 0, 4), rows.hex(2, 2, 3)]).toEqual([300, '012b0709', '07']);
  const order = (bytes: readonly number[]) => rows.compare(5, Buffer.from(bytes));
  expect([order([0, 5]), order([0, 6]), order([0, 4]), order([0, 5, 7, 9])]).toEqual([0, -1, 1, 0]);
});
