import { expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import { Reliability } from '../../../../src/protocol/requester/reliability.ts';
import { anna, bert } from '../../../support/protocol-fixtures.ts';

function times(count: number, act: () => void): void {
  for (let done = 0; done < count; done++) act();
}

test('a peer may hold all that anybody may, until something comes to nothing', () => {
  const reliability = new Reliability();
  expect(reliability.window(anna)).toBe(limits.leasesHeldMax);
  reliability.failed(anna);
  expect(reliability.window(anna)).toBe(limits.leasesHeldMax / 2);
  expect(reliability.window(bert)).toBe(limits.leasesHeldMax);
});

test('who always fails may hold one lease, and never none', () => {
  const reliability = new Reliability();
  times(100, () => reliability.failed(anna));
  expect(reliability.window(anna)).toBe(1);
});

test('each result gives one lease back, up to all of them', () => {
  const reliability = new Reliability();
  times(100, () => reliability.failed(anna));
  times(9, () => reliability.finished(anna));
  expect(reliability.window(anna)).toBe(10);
  times(limits.leasesHeldMax, () => reliability.finished(anna));
  expect(reliability.window(anna)).toBe(limits.leasesHeldMax);
  reliability.finished(anna);
  expect(reliability.window(anna)).toBe(limits.leasesHeldMax);
});
