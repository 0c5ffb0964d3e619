import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type { ComputedReplica, Destination, Unsent } from '../../../src/model/unsent.ts';
import type { Effect } from '../../../src/protocol/events.ts';
import { GIVEN_UP_AFTER_MS, Outbox } from '../../../src/protocol/outbox.ts';
import { anna, bert, jobNumbered, ofType, self } from '../../support/protocol-fixtures.ts';

const job = jobNumbered(1);
const to = (requester: PeerId = anna): Destination => ({ requester, addresses: ['there:1'], job });

const replica = (lease: number, detail = 'no'): ComputedReplica => ({
  lease,
  chunk: lease,
  outcome: { type: 'failure', failure: { kind: 'threw', detail } },
  computeMs: 1,
});

const replicas = (count: number, from = 1): ComputedReplica[] =>
  Array.from({ length: count }, (_, index) => replica(from + index));

function outboxWith(count: number, requester: PeerId = anna, nowMs = 0): Outbox {
  const outbox = new Outbox(self, []);
  outbox.add(to(requester), replicas(count), nowMs);
  return outbox;
}

const everybody = () => true;
const nobody = () => false;

const sent = (effects: readonly Effect[]): number[] =>
  ofType(effects, 'send-to-requester').flatMap(({ message }) =>
    message.type === 'results' ? message.frame.replicas.map(({ lease }) => lease) : [],
  );

describe('delivering', () => {
  test('results go to who is there, once, and after a cut again, until acknowledged', () => {
    const outbox = outboxWith(3);
    expect(sent(outbox.send(nobody, nobody, 0))).toEqual([]);
    expect(sent(outbox.send(everybody, nobody, 0))).toEqual([1, 2, 3]);
    expect(sent(outbox.send(everybody, nobody, 1))).toEqual([]);
    outbox.acknowledge(anna, job, [2]);
    outbox.cut(anna);
    expect(sent(outbox.send(everybody, nobody, 2))).toEqual([1, 3]);
    expect([...outbox.waiting]).toEqual([[anna, 2]]);
    outbox.acknowledge(anna, job, [1, 3]);
    expect([outbox.has(anna), outbox.destinations]).toEqual([false, []]);
  });

  test('only who got them acknowledges them', () => {
    const outbox = outboxWith(2);
    expect(outbox.acknowledge(bert, job, [1, 2])).toEqual([]);
    expect(outbox.acknowledge(anna, jobNumbered(2), [1, 2])).toEqual([]);
    expect(outbox.leases(anna, job)).toEqual([1, 2]);
  });

  test('what an earlier process kept is delivered first of all, and forgotten then', () => {
    const outbox = new Outbox(self, [{ ...to(), replica: replica(7) }]);
    outbox.add(to(), replicas(1), 5);
    expect(sent(outbox.send(everybody, nobody, 5))).toEqual([7, 1]);
    expect(outbox.acknowledge(anna, job, [1, 7])).toEqual([
      { type: 'drop-unsent', requester: anna, job, leases: [7] },
    ]);
  });
});

describe('keeping', () => {
  const kept = (effects: readonly Effect[]): Unsent[] =>
    ofType(effects, 'keep-unsent').flatMap(({ results }) => results);

  test('what is acknowledged soon is never written', () => {
    const outbox = outboxWith(2);
    expect(outbox.sweep(everybody, 199)).toEqual([]);
    expect(outbox.acknowledge(anna, job, [1, 2])).toEqual([]);
    expect(outbox.dueAtMs(everybody)).toBe(Infinity);
  });

  test('what is not is written, once, and forgotten when it is acknowledged', () => {
    const outbox = outboxWith(2);
    outbox.send(everybody, nobody, 0);
    expect(outbox.dueAtMs(everybody)).toBe(200);
    expect(kept(outbox.sweep(everybody, 200))).toEqual(
      replicas(2).map((each) => Object.assign(to(), { replica: each })),
    );
    expect(outbox.sweep(everybody, 300)).toEqual([]);
    expect(outbox.drop(anna, job)).toEqual([
      { type: 'drop-unsent', requester: anna, job, leases: [1, 2] },
    ]);
  });

  test('a cut has it written at once, and so has the end of the process', () => {
    const outbox = outboxWith(1);
    expect(kept(outbox.cut(anna))).toHaveLength(1);
    outbox.add(to(), replicas(1, 2), 5);
    expect(kept(outbox.keepAll())).toMatchObject([{ replica: { lease: 2 } }]);
  });

  test('what a peer computes for itself is not', () => {
    const outbox = outboxWith(1, self);
    expect([outbox.cut(self), outbox.sweep(nobody, 500), outbox.keepAll()]).toEqual([[], [], []]);
  });
});

describe('bounds', () => {
  test('who is there and acknowledges nothing gets nothing more computed', () => {
    const outbox = outboxWith(limits.unsentEachMax - 1);
    expect(outbox.isFull(anna)).toBe(false);
    outbox.add(to(), replicas(1, limits.unsentEachMax), 0);
    expect([outbox.isFull(anna), outbox.isFull(bert)]).toEqual([true, false]);
    outbox.acknowledge(anna, job, [1]);
    expect(outbox.isFull(anna)).toBe(false);
  });

  test('the same by bytes', () => {
    const outbox = new Outbox(self, []);
    outbox.add(to(), [replica(1, 'x'.repeat(limits.unsentEachBytesMax))], 0);
    expect(outbox.isFull(anna)).toBe(true);
  });

  test('of who is away the oldest go', () => {
    const outbox = new Outbox(self, []);
    for (let number = 0; number < 5; number++) {
      const each = { ...to(), job: jobNumbered(number) };
      outbox.add(each, replicas(limits.unsentMax / 4), number);
    }
    outbox.keepAll();
    expect(outbox.sweep(everybody, 10)).toEqual([]);
    expect(outbox.sweep(nobody, 10)).toMatchObject([{ type: 'drop-unsent', job: jobNumbered(0) }]);
    expect(outbox.waiting.get(anna)).toBe(limits.unsentMax);
  });

  test('what was computed a week ago is given up', () => {
    const outbox = outboxWith(1);
    outbox.keepAll();
    expect(outbox.dueAtMs(nobody)).toBe(GIVEN_UP_AFTER_MS);
    expect(outbox.sweep(nobody, GIVEN_UP_AFTER_MS)).toMatchObject([{ type: 'drop-unsent' }]);
    expect(outbox.dueAtMs(nobody)).toBe(Infinity);
  });
});
