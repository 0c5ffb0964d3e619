import { expect, test } from 'vitest';

import { Peer } from '../../../src/protocol/peer.ts';
import { createControl } from '../../../src/runtime/control.ts';
import { JobBook } from '../../../src/runtime/job-book.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { self } from '../../support/protocol-fixtures.ts';

const components = {
  self,
  peer: new Peer({ self, addresses: () => [], entrances: [], slots: 0, seed: 1 }),
  sandbox: fakeSandbox(),
  store: new MemoryStore(),
  clock: { nowMs: () => 0, unixMs: () => 0 },
  dispatch: () => undefined,
};
const control = createControl({
  ...components,
  jobs: new JobBook(components),
  addresses: () => [],
  about: { version: '', grid: '', dataPath: '', metricsAddress: '' },
  onFinish: () => undefined,
});

const request = {
  name: 'squares',
  program: Buffer.of(1),
  paramsJson: '',
  inputPath: '',
  quorum: 1,
  wallMsMax: 1,
  memoryBytesMax: 1,
  resultBytesMax: 1,
  chunksMax: 1,
};

// An offer with such a limit is one that every neighbour ends the stream for.
test.each([
  [{ wallMsMax: 0 }, 'wall limit'],
  [{ memoryBytesMax: 0 }, 'memory limit'],
  [{ resultBytesMax: 0 }, 'result'],
  [{ name: '' }, 'name'],
  [{ quorum: 0 }, 'quorum'],
  [{ chunksMax: 0 }, 'chunks'],
])('a job with %j is refused', async (change, reason) => {
  const error = await gridErrorOf(Promise.try(() => control.submit({ ...request, ...change })));
  expect([error.code, error.message]).toEqual(['usage', expect.stringContaining(reason)]);
});
