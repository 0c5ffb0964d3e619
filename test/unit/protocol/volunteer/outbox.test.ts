import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { limits } from '../../../../src/model/limits.ts';
import type { ComputedReplica, Destination, Unsent } from '../../../../src/model/unsent.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { GIVEN_UP_AFTER_MS, Outbox } from '../../../../src/protocol/volunteer/outbox.ts';
import {
  anna,
  bert,
  jobNumbered,
  ofType,
  peerNumbered,
  self,
} from '../../../support/protocol-fixtures.ts';

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

  test('the same by bytes: of the largest results three may wait while one is computed', () => {
    const outbox = new Outbox(self, []);
    const full = [1, 2, 3, 4].map((lease) => {
      outbox.add(to(), [replica(lease, 'x'.repeat(limits.resultBytesMax - 5))], 0);
      return outbox.isFull(anna);
    });
    expect(full).toEqual([false, false, false, true]);
  });

  test('many who acknowledge nothing leave room for one more, who is computed for', () => {
    const outbox = new Outbox(self, []);
    const detail = 'x'.repeat(4 * 2 ** 20);
    const strangers = Array.from({ length: 16 }, (_, number) => peerNumbered(number));
    for (let lease = 1; lease <= 16; lease++) {
      for (const peer of strangers) {
        if (!outbox.isFull(peer)) outbox.add(to(peer), [replica(lease, detail)], 0);
      }
    }
    const owedBytes = strangers.map((peer) => outbox.owedBytes(peer));
    expect(Math.min(...owedBytes)).toBeGreaterThan(8 * 2 ** 20);
    const allBytes = owedBytes.reduce((sum, bytes) => sum + bytes, 0);
    expect(allBytes).toBeLessThan(limits.unsentAllBytesMax + 2 * detail.length);
    expect(outbox.isFull(anna)).toBe(false);
    outbox.add(to(), replicas(1_000), 0);
    expect(outbox.isFull(anna)).toBe(false);
  });

  test('as others acknowledge, more may wait again', () => {
    const outbox = new Outbox(self, []);
    const large = replica(1, 'x'.repeat(60 * 2 ** 20));
    const others = [1, 2, 3].map(peerNumbered);
    for (const peer of [...others, anna]) outbox.add(to(peer), [large], 0);
    expect(outbox.isFull(anna)).toBe(true);
    for (const peer of others) outbox.acknowledge(peer, job, [1]);
    expect(outbox.isFull(anna)).toBe(false);
  });

  test('where what runs brings too much, who is there and owes the most is named', () => {
    const outbox = new Outbox(self, []);
    const large = replica(1, 'x'.repeat(100 * 2 ** 20));
    for (const peer of [self, anna, bert]) outbox.add(to(peer), [large], 0);
    outbox.add(to(bert), replicas(1, 2), 0);
    outbox.add(to(self), replicas(9, 2), 0);
    const runsBytesMax = 40 * 2 ** 20;
    expect(outbox.tooMuchOf(everybody, runsBytesMax)).toBe(bert);
    expect(outbox.tooMuchOf(everybody, 2 * runsBytesMax)).toBeUndefined();
    expect(outbox.tooMuchOf((peer) => peer !== bert, runsBytesMax)).toBeUndefined();
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

  test('who has the most loses it, not who has waited longest', () => {
    const honest = outboxWith(100);
    const large = (lease: number) => replica(lease, 'x'.repeat(2 ** 20));
    const strangers = [1, 2, 3, 4, 5].map(peerNumbered);
    for (const stranger of strangers) {
      honest.add(
        to(stranger),
        Array.from({ length: 30 }, (_, index) => large(index)),
        10,
      );
    }
    honest.keepAll();
    expect(ofType(honest.sweep(nobody, 20), 'drop-unsent')).toMatchObject([
      { requester: strangers[0], leases: { length: 30 } },
    ]);
    expect(honest.waiting.get(anna)).toBe(100);
  });

  test('of one who has the most the oldest job goes, and no more than has to', () => {
    const outbox = new Outbox(self, []);
    const third = Math.ceil(limits.unsentMax / 3);
    for (const number of [1, 2, 3, 4]) {
      outbox.add({ ...to(), job: jobNumbered(number) }, replicas(third), number);
    }
    outbox.add(to(bert), replicas(1), 0);
    outbox.keepAll();
    const dropped = ofType(outbox.sweep(nobody, 10), 'drop-unsent');
    expect(dropped.map((effect) => effect.job)).toEqual([jobNumbered(1), jobNumbered(2)]);
    expect(outbox.waiting.get(bert)).toBe(1);
  });

  test('what an earlier process has kept is not given up, however long the machine is up', () => {
    const outbox = new Outbox(self, [{ ...to(), replica: replica(1) }]);
    const upMs = 2 * GIVEN_UP_AFTER_MS;
    expect(outbox.sweep(nobody, upMs)).toEqual([]);
    expect(outbox.dueAtMs(nobody)).toBe(upMs + GIVEN_UP_AFTER_MS);
    expect(outbox.sweep(nobody, upMs + GIVEN_UP_AFTER_MS)).toMatchObject([{ type: 'drop-unsent' }]);
  });

  test('what was computed a week ago is given up', () => {
    const outbox = outboxWith(1);
    outbox.keepAll();
    expect(outbox.dueAtMs(nobody)).toBe(GIVEN_UP_AFTER_MS);
    expect(outbox.sweep(nobody, GIVEN_UP_AFTER_MS)).toMatchObject([{ type: 'drop-unsent' }]);
    expect(outbox.dueAtMs(nobody)).toBe(Infinity);
  });

  test('and with it nothing of its job that was computed later', () => {
    const outbox = outboxWith(1);
    outbox.send(everybody, nobody, 0);
    outbox.add(to(), replicas(1, 2), 1_000);
    outbox.keepAll();
    expect(ofType(outbox.sweep(nobody, GIVEN_UP_AFTER_MS), 'drop-unsent')).toMatchObject([
      { leases: [1] },
    ]);
    expect(outbox.leases(anna, job)).toEqual([2]);
    expect(outbox.dueAtMs(nobody)).toBe(GIVEN_UP_AFTER_MS + 1_000);
  });
});

test('who was tried in vain is the last to be tried again', () => {
  const outbox = outboxWith(1);
  outbox.add({ ...to(), job: jobNumbered(2) }, replicas(1), 0);
  outbox.add(to(bert), replicas(1), 0);
  outbox.putLast(anna);
  expect(outbox.destinations.map(({ requester }) => requester)).toEqual([bert, anna, anna]);
});
