import { expect, test } from 'vitest';

import { failureKinds } from '../../../src/model/replica.ts';
import { describeFailure, describeRefusal } from '../../../src/runtime/job-failure.ts';
import { anna, bert } from '../../support/protocol-fixtures.ts';

test.each([
  ['exited', 'exit code 3: no such file', /the program ended with an error .*exit code 3: no such/],
  [
    'forbidden-import',
    'it imports env.sleep',
    /wants what no volunteer gives .*\n.*WASI preview 1/,
  ],
  ['not-deterministic', 'byte 7 differs', /different results .*byte 7 differs\n.*`manyhands test`/],
  ['timed-out', 'longer than 1 s', /took longer .*\nSplit the work/],
] as const)('a chunk that is %s says what happened and what to do', (kind, detail, words) => {
  const failure = { kind, detail };
  const told = describeFailure({ type: 'chunk-failed', chunk: 7, failure, peers: [anna, bert] });
  expect(told).toMatch(words);
  expect(told).toMatch(new RegExp(`^Chunk 7: .*\\(${kind}, on anna2222, bert2222\\)`));
});

test('every kind of failure has advice', () => {
  for (const kind of failureKinds) {
    const told = describeFailure({
      type: 'chunk-failed',
      chunk: 0,
      failure: { kind, detail: '' },
      peers: [anna],
    });
    expect(told.split('\n')[1]?.length).toBeGreaterThan(20);
  }
});

test('a script’s own words say best why it can’t begin', () => {
  expect(describeRefusal({ kind: 'threw', detail: 'job.ts:3: no' })).toBe('job.ts:3: no');
  expect(describeRefusal({ kind: 'out-of-memory', detail: 'it wants 2 GiB' })).toMatch(
    /^The program can't run \(out-of-memory\): it wants 2 GiB\n.*--memory-limit/,
  );
});
