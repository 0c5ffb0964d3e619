import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { bytesOfReplica, type Unsent } from '../../../src/model/unsent.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { UnsentKeeper, unsentLeft } from '../../../src/runtime/unsent-keeper.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { anna, bert, digestNumbered, jobNumbered } from '../../support/protocol-fixtures.ts';

const dayMs = 24 * 3_600_000;
const startUnixMs = Date.UTC(2027, 0, 1);
const MiB = 1024 * 1024;
const minuteMs = 60_000;
const job = jobNumbered(1);
const outcome = { type: 'failure', failure: { kind: 'threw', detail: 'no' } } as const;
const result: Unsent = {
  requester: anna,
  addresses: ['anna:1'],
  job,
  replica: { lease: 5, chunk: 2, outcome, computeMs: 3 },
};
const keep = { type: 'keep-unsent', results: [result] } as const;

/** A disk with room for so many bytes; without it, as if it were full. */
class FullStore extends MemoryStore {
  bytesFree = 0;
  /** Attempts to write. */
  puts = 0;

  override putUnsent(results: readonly Unsent[], keptAtMs: number): void {
    this.puts += 1;
    const bytes = results.reduce((sum, { replica }) => sum + bytesOfReplica(replica), 0);
    if (bytes >= this.bytesFree) throw new Error('the disk is full');
    this.bytesFree -= bytes;
    super.putUnsent(results, keptAtMs);
  }
}

function keeping<Kept extends MemoryStore>(store: Kept) {
  const told: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      told.push(String(line));
      done();
    },
  });
  const clock = { ms: 0 };
  const waiting = new Map<() => void, number>();
  const keeper = new UnsentKeeper({
    store,
    clock: { nowMs: () => clock.ms, unixMs: () => startUnixMs + clock.ms },
    timers: {
      after: (ms, run) => {
        waiting.set(run, clock.ms + ms);
        return () => waiting.delete(run);
      },
    },
    log: createLog({ level: 'warn', stream }),
  });
  function pass(ms: number): void {
    clock.ms += ms;
    for (const [run, atMs] of waiting) {
      if (atMs > clock.ms) continue;
      waiting.delete(run);
      run();
    }
  }
  const leases = (): number[] => unsentLeft(store, startUnixMs).map(({ replica }) => replica.lease);
  return { keeper, store, told, clock, pass, leases, waiting };
}

test('what was not acknowledged is there for the next process, until it is', () => {
  const { keeper, store, waiting } = keeping(new MemoryStore());
  keeper.carryOut(keep);
  expect(unsentLeft(store, startUnixMs)).toEqual([result]);
  keeper.carryOut({ type: 'drop-unsent', requester: anna, job, leases: [5] });
  expect(unsentLeft(store, startUnixMs)).toEqual([]);
  expect(waiting.size).toBe(0);
});

test('after a week it is forgotten', () => {
  const { keeper, store } = keeping(new MemoryStore());
  keeper.carryOut(keep);
  expect(unsentLeft(store, startUnixMs + 7 * dayMs)).toEqual([result]);
  expect(unsentLeft(store, startUnixMs + 7 * dayMs + 1)).toEqual([]);
});

test('a disk that stays full is told of once an hour', () => {
  const { keeper, told, clock } = keeping(new FullStore());
  for (const ms of [0, 1, 3_599_999, 3_600_000]) {
    clock.ms = ms;
    keeper.carryOut(keep);
  }
  expect(told).toHaveLength(2);
  expect(told[0]).toContain("results that wait for their requesters can't be kept");
});

test('what the disk could not take is tried again after a minute, until it is written', () => {
  const { keeper, store, pass, leases, waiting } = keeping(new FullStore());
  keeper.carryOut(keep);
  pass(minuteMs - 1);
  expect(store.puts).toBe(1);
  pass(1);
  expect(store.puts).toBe(2);
  store.bytesFree = MiB;
  pass(minuteMs);
  expect(leases()).toEqual([5]);
  expect(waiting.size).toBe(0);
});

test('what the disk could not take is written with the next results, before them', () => {
  const { keeper, store, leases, waiting } = keeping(new FullStore());
  keeper.carryOut(keep);
  store.bytesFree = MiB;
  keeper.carryOut({ type: 'keep-unsent', results: [resultOf(3, 1)] });
  expect(leases()).toEqual([5, 3]);
  expect(waiting.size).toBe(0);
});

test('at the end it is tried once more, and then no more', () => {
  const { keeper, store, leases, waiting } = keeping(new FullStore());
  keeper.carryOut(keep);
  keeper.stop();
  expect([store.puts, waiting.size]).toEqual([2, 0]);
  store.bytesFree = MiB;
  keeper.stop();
  expect(leases()).toEqual([5]);
});

test('what was acknowledged meanwhile is not written', () => {
  const { keeper, store, pass, leases } = keeping(new FullStore());
  keeper.carryOut({ type: 'keep-unsent', results: [result, resultOf(3, 1)] });
  keeper.carryOut({ type: 'drop-unsent', requester: anna, job, leases: [5] });
  store.bytesFree = MiB;
  pass(minuteMs);
  expect(leases()).toEqual([3]);
});

test('where there is room for some of it, some is kept', () => {
  const { keeper, store, leases } = keeping(new FullStore());
  store.bytesFree = 3 * MiB;
  const results = [1, 2, 3, 4].map((lease) => resultOf(lease, MiB - 1));
  keeper.carryOut({ type: 'keep-unsent', results });
  expect(leases()).toEqual([1, 2]);
});

test('no more is held than the disk would take, and who has the most gives up first', () => {
  const { keeper, store, leases } = keeping(new FullStore());
  const large = new Uint8Array(MiB);
  keeper.carryOut(keep);
  const most = limits.unsentBytesMax / MiB;
  for (let lease = 10; lease < 16 + most; lease++) {
    const { replica } = resultOf(lease, 1);
    const outcome = { type: 'result', digest: digestOf(large), value: large } as const;
    const of = { ...result, requester: bert, replica: { ...replica, outcome } };
    keeper.carryOut({ type: 'keep-unsent', results: [of] });
  }
  store.bytesFree = Infinity;
  keeper.stop();
  const kept = leases();
  expect(kept).toHaveLength(most);
  expect(kept).toContain(5);
});

function resultOf(lease: number, bytes: number): Unsent {
  const value = new Uint8Array(bytes).fill(lease);
  const said = { type: 'result', digest: digestOf(value), value } as const;
  const work = digestNumbered(1);
  return { ...result, replica: { lease, chunk: lease, outcome: said, computeMs: 1, work } };
}
