import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { Unsent } from '../../../src/model/unsent.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { UnsentKeeper, unsentLeft } from '../../../src/runtime/unsent-keeper.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { anna, jobNumbered } from '../../support/protocol-fixtures.ts';

const dayMs = 24 * 3_600_000;
const job = jobNumbered(1);
const outcome = { type: 'failure', failure: { kind: 'threw', detail: 'no' } } as const;
const result: Unsent = {
  requester: anna,
  addresses: ['anna:1'],
  job,
  replica: { lease: 5, chunk: 2, outcome, computeMs: 3 },
};
const keep = { type: 'keep-unsent', results: [result] } as const;

function keeping() {
  const store = new MemoryStore();
  const told: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      told.push(String(line));
      done();
    },
  });
  const clock = { ms: 0 };
  const keeper = new UnsentKeeper({
    store,
    clock: { nowMs: () => clock.ms, unixMs: () => 10 * dayMs + clock.ms },
    log: createLog({ level: 'warn', format: 'json', stream }),
  });
  return { keeper, store, told, clock };
}

test('what was not acknowledged is there for the next process, until it is', () => {
  const { keeper, store } = keeping();
  keeper.carryOut(keep);
  expect(unsentLeft(store, 10 * dayMs)).toEqual([result]);
  keeper.carryOut({ type: 'drop-unsent', requester: anna, job, leases: [5] });
  expect(unsentLeft(store, 10 * dayMs)).toEqual([]);
});

test('after a week it is forgotten', () => {
  const { keeper, store } = keeping();
  keeper.carryOut(keep);
  expect(unsentLeft(store, 17 * dayMs)).toEqual([result]);
  expect(unsentLeft(store, 17 * dayMs + 1)).toEqual([]);
});

test('a disk that stays full is told of once an hour', () => {
  const { keeper, store, told, clock } = keeping();
  store.putUnsent = () => {
    throw new Error('the disk is full');
  };
  for (const ms of [0, 1, 3_599_999, 3_600_000]) {
    clock.ms = ms;
    keeper.carryOut(keep);
  }
  expect(told).toHaveLength(2);
  expect(told[0]).toContain("results that wait for their requesters can't be kept");
});
