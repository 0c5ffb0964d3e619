import { expect, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import { OwnJob } from '../../../src/runtime/own-job.ts';
import { PageFiles } from '../../../src/runtime/pages.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { jobNumbered, resultOf, specOf } from '../../support/protocol-fixtures.ts';

test('merge has its program loaded again, since others’ may have taken its place', async () => {
  const store = new MemoryStore();
  const source = Uint8Array.of(1, 2, 3);
  const spec = specOf({ program: await store.putBlob(source) });
  const job = jobNumbered(1);
  const splitEnded = Promise.withResolvers<void>();
  const loaded: [Digest, Uint8Array][] = [];
  const sandbox = fakeSandbox({
    load: async (program, bytes) => {
      loaded.push([program, bytes]);
      return undefined;
    },
    async *split() {
      yield [Uint8Array.of(7)];
    },
    merge: async () => {
      expect(loaded).toEqual([[spec.program, source]]);
      return { kind: 'text', value: Uint8Array.of(65) };
    },
  });
  const own = new OwnJob(job, spec, {
    sandbox,
    store,
    files: new PageFiles(store),
    dispatch: ({ type }) => {
      if (type === 'split-ended') splitEnded.resolve();
    },
    machine: () => undefined,
    nowMs: () => 0,
  });
  own.run(undefined);
  await splitEnded.promise;
  const { outcome } = resultOf({ lease: 1, chunk: 0 });
  if (outcome.type === 'result') store.putResults(job, [{ chunk: 0, ...outcome }]);
  own.advanceTo(1);
  own.allAccepted();
  await own.settled;
  expect(own.state).toBe('done');
});
