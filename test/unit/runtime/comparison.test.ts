import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import type { JobFailure, JobSpec } from '../../../src/model/job.ts';
import type { Lease, Outcome, ReplicaResult } from '../../../src/model/replica.ts';
import type { Equivalent } from '../../../src/ports.ts';
import { LeaseTable } from '../../../src/protocol/requester/lease-table.ts';
import { RequesterJob } from '../../../src/protocol/requester/requester-job.ts';
import { emptyTotals } from '../../../src/protocol/requester/tally.ts';
import { Comparison } from '../../../src/runtime/comparison.ts';
import { JobPages, PageFiles } from '../../../src/runtime/pages.ts';
import { ResultClasses } from '../../../src/runtime/result-classes.ts';
import type { Answer, Pair } from '../../../src/runtime/script-calls.ts';
import { decodeCanonical, encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import {
  anna,
  bert,
  cora,
  dora,
  failureOf,
  returnOf,
  self,
  specOf,
} from '../../support/protocol-fixtures.ts';
import { credibilityTrust } from '../../support/protocol-evidence.ts';
import { chunksOf, leaseOne } from '../../support/protocol-leases.ts';
import { storedJob } from '../../support/stored-jobs.ts';

const stored = storedJob('sums', 'running');
const broken: Answer = { kind: 'threw', detail: 'equals: TypeError: no number' };

/** Chunk n is the number 10 n. */
async function compared(
  changes: Partial<JobSpec>,
  answer: (first: unknown, second: unknown) => Answer | Promise<Answer>,
  heldBytesMax = Infinity,
) {
  const store = new MemoryStore();
  store.putJob(stored);
  const spec = specOf(changes);
  const table = new LeaseTable(stored.job, spec, emptyTotals());
  table.addChunks(6);
  const run = new RequesterJob(stored.job, spec, table, 0);
  const pages = new JobPages(new PageFiles(store), digestOf);
  await pages.add([0, 10, 20, 30, 40, 50].map(encodeCanonical));
  const asked: unknown[] = [];
  const equivalents: Equivalent[] = [];
  const failures: JobFailure[] = [];
  const isAccepted = (chunk: number): boolean => run.assembler.has(chunk);
  const classes = new ResultClasses({ job: stored.job, store, isAccepted }, heldBytesMax);
  const components = {
    spec,
    calls: {
      ask: async (name: string, pairs: readonly Pair[]) =>
        Promise.all(pairs.map((pair) => answerOf(name, pair))),
      close: () => undefined,
    },
    classes,
    pages,
    machine: () => run,
    keepEquivalents: (some: readonly Equivalent[]) => equivalents.push(...some),
    fail: (failure: JobFailure) => failures.push(failure),
  };
  const comparison = new Comparison(components, 1_000);
  async function answerOf(name: string, pair: Pair): Promise<Answer> {
    const [first, second] = pair.map(decodeCanonical);
    asked.push([name, first, second]);
    return answer(first, second);
  }
  const lease = (peer: PeerId): Lease => leaseOne(table, peer);
  /** @returns what the machine is given for it */
  const admit = async (peer: PeerId, ...results: ReplicaResult[]) =>
    (await comparison.admit(peer, results)).map(({ outcome }) => decoded(outcome));
  const accept = (chunk: number, value: unknown): void => {
    run.assembler.accept(chunk);
    const encoded = encodeCanonical(value);
    store.commit([
      { job: stored.job, results: [{ chunk, digest: digestOf(encoded), value: encoded }] },
    ]);
  };
  const ran = { run, table, store, pages, classes, comparison };
  return { ...ran, asked, equivalents, failures, lease, admit, accept };
}

function decoded(outcome: Outcome): object {
  if (outcome.type !== 'result') return outcome;
  return { ...outcome, value: decodeCanonical(outcome.value) };
}

function replicaOf({ lease, chunk }: Lease, value: unknown): ReplicaResult {
  const encoded = encodeCanonical(value);
  const outcome = { type: 'result', digest: digestOf(encoded), value: encoded } as const;
  return { lease, chunk, outcome, computeMs: 1 };
}

const digestOfValue = (value: unknown) => digestOf(encodeCanonical(value));
const result = (value: unknown) => ({ type: 'result', digest: digestOfValue(value), value });
const returned = { type: 'returned' };
/** Within one of each other. */
const near = (a: unknown, b: unknown): Answer =>
  Math.abs(Number(a) - Number(b)) <= 1 ? 'yes' : 'no';

describe('by equals', () => {
  const equals = { comparison: 'equals', trust: { quorum: 3 } } as const;

  test('a result gets the digest and the value of the first one that it is equal to', async () => {
    const { lease, admit, equivalents, asked } = await compared(equals, near);
    expect(await admit(anna, replicaOf(lease(anna), 5))).toEqual([result(5)]);
    expect(await admit(bert, replicaOf(lease(bert), 6))).toEqual([result(5)]);
    expect(await admit(cora, replicaOf(lease(cora), 4))).toEqual([result(5)]);
    expect(equivalents).toEqual([
      { chunk: 0, digest: digestOfValue(6), of: digestOfValue(5) },
      { chunk: 0, digest: digestOfValue(4), of: digestOfValue(5) },
    ]);
    expect(asked).toEqual([
      ['equals', 5, 5],
      ['equals', 5, 6],
      ['equals', 5, 4],
    ]);
  });

  test('classes are around first members: order matters where it is not transitive', async () => {
    const { lease, admit } = await compared(equals, near);
    expect(await admit(anna, replicaOf(lease(anna), 4))).toEqual([result(4)]);
    expect(await admit(bert, replicaOf(lease(bert), 5))).toEqual([result(4)]);
    // Equal to the second, but not to the first.
    expect(await admit(cora, replicaOf(lease(cora), 6))).toEqual([result(6)]);
  });

  test('two that come at once make one class', async () => {
    const { lease, admit } = await compared(equals, async (a, b) => {
      await new Promise(setImmediate);
      return near(a, b);
    });
    const results = [anna, bert].map((peer, index) =>
      admit(peer, replicaOf(lease(peer), 5 + index)),
    );
    expect(await Promise.all(results)).toEqual([[result(5)], [result(5)]]);
  });

  test('a result that takes long holds up its own chunk and no other', async () => {
    const doubt = Promise.withResolvers<Answer>();
    const { lease, admit } = await compared(equals, (a, b) =>
      b === 9 ? doubt.promise : near(a, b),
    );
    const leases = [lease(anna), lease(anna), lease(bert), lease(bert)];
    const [annas, , berts, bertsOther] = leases;
    if (!annas || !berts || !bertsOther) throw new Error('no leases');
    const slow = admit(anna, replicaOf(annas, 9));
    const behind = admit(bert, replicaOf(berts, 9.5));
    expect(await admit(bert, replicaOf(bertsOther, 5))).toEqual([result(5)]);
    doubt.resolve('yes');
    expect(await Promise.all([slow, behind])).toEqual([[result(9)], [result(9)]]);
  });

  test('the same bytes are the same result without a question', async () => {
    const { lease, admit, asked } = await compared(equals, near);
    await admit(anna, replicaOf(lease(anna), 5));
    expect(await admit(bert, replicaOf(lease(bert), 5))).toEqual([result(5)]);
    expect(asked).toHaveLength(1);
  });

  test('a result that is not even equal to itself is a failure, and founds nothing', async () => {
    const { lease, admit } = await compared(equals, (a, b) => (b === 7 ? 'no' : near(a, b)));
    const [outcome] = await admit(anna, replicaOf(lease(anna), 7));
    expect(outcome).toMatchObject({ type: 'failure', failure: { kind: 'threw' } });
    expect(await admit(bert, replicaOf(lease(bert), 7.5))).toEqual([result(7.5)]);
  });

  test('one on which equals fails is a failure, and the class of others stays', async () => {
    const { lease, admit } = await compared(equals, (a, b) => (b === 'x' ? broken : near(a, b)));
    await admit(anna, replicaOf(lease(anna), 5));
    expect(await admit(bert, replicaOf(lease(bert), 'x'))).toEqual([
      { type: 'failure', failure: broken },
    ]);
    expect(await admit(cora, replicaOf(lease(cora), 6))).toEqual([result(5)]);
  });

  test('of an accepted chunk a late result is nobody’s business, but for a check', async () => {
    const { run, lease, admit, asked } = await compared(equals, near);
    const late = lease(anna);
    run.assembler.accept(0);
    await admit(anna, replicaOf(late, 5));
    expect(asked).toEqual([]);
    const trust = { quorum: 1, credibility: credibilityTrust };
    const checking = await compared({ ...equals, trust }, near);
    const check = checking.lease(anna);
    checking.run.assembler.accept(0);
    await checking.admit(anna, replicaOf(check, 5));
    expect(checking.asked).toHaveLength(1);
  });

  const trust = { quorum: 3, credibility: credibilityTrust };

  test('a check is held against what was accepted, whoever founded a class before', async () => {
    const { lease, admit, accept } = await compared({ ...equals, trust }, near);
    await admit(anna, replicaOf(lease(anna), 98.95));
    await admit(bert, replicaOf(lease(bert), 100));
    const check = lease(cora);
    accept(0, 100);
    // It is near enough to both.
    expect(await admit(cora, replicaOf(check, 99.94))).toEqual([result(100)]);
  });

  test('classes that are forgotten while a result goes through them still count', async () => {
    const { lease, admit, accept, classes } = await compared(
      { ...equals, trust },
      async (a, b) => {
        const large = new Uint8Array(2_000);
        if (a === 200 && b === 99.5) await classes.add(3, digestOf(large), large);
        return near(a, b);
      },
      2_000,
    );
    await admit(anna, replicaOf(lease(anna), 100));
    await admit(bert, replicaOf(lease(bert), 200));
    const check = lease(cora);
    accept(0, 200);
    expect(await admit(cora, replicaOf(check, 99.5))).toEqual([result(100)]);
    expect(classes.of(0)).toHaveLength(1);
  });

  test('who breaks calls alone is asked about no more, and gets no more of the job', async () => {
    const { run, lease, admit, asked } = await compared(equals, (a, b) =>
      a === 'x' || b === 'x' ? broken : near(a, b),
    );
    await admit(bert, replicaOf(lease(bert), 5));
    const leases = [0, 1, 2, 3].map(() => lease(anna));
    const outcomes = await admit(anna, ...leases.map((one) => replicaOf(one, 'x')));
    const failed = { type: 'failure', failure: broken };
    // Of the first it was not seen yet whose fault it is: bert's value was in the call.
    expect(outcomes).toEqual([returned, failed, failed, { ...failed, isLast: true }]);
    const calls = asked.length;
    expect(await admit(anna, replicaOf(leases[0] ?? lease(anna), 5.5))).toEqual([returned]);
    expect(asked).toHaveLength(calls);
    expect(run.over).toBe(false);
  });

  test('whose fault a failed call is shows at once, however many frames wait', async () => {
    const { lease, admit, asked } = await compared(equals, (a, b) =>
      b === 'x' ? broken : near(a, b),
    );
    for (const one of [lease(bert), lease(bert)]) await admit(bert, replicaOf(one, 5));
    for (const one of [lease(cora), lease(cora)]) await admit(cora, replicaOf(one, 50));
    asked.length = 0;
    const leases = [lease(anna), lease(anna)];
    await Promise.all(leases.map((one) => admit(anna, replicaOf(one, 'x'))));
    const calls = [
      ['equals', 5, 'x'],
      ['equals', 'x', 'x'],
    ];
    expect(asked).toEqual([...calls, ...calls]);
  });

  test('a call that fails between the values of two is neither’s fault', async () => {
    const { lease, admit } = await compared(equals, (a, b) => (a === b ? 'yes' : broken));
    const leases = [0, 1, 2, 3].map(() => [lease(anna), lease(bert)] as const);
    for (const [annas, berts] of leases) {
      expect(await admit(anna, replicaOf(annas, 1))).toEqual([result(1)]);
      expect(await admit(bert, replicaOf(berts, 2))).toEqual([result(2)]);
    }
  });

  test('it is not closed before what is on its way is there', async () => {
    const doubt = Promise.withResolvers<Answer>();
    const { lease, admit, comparison } = await compared(equals, () => doubt.promise);
    const coming = admit(anna, replicaOf(lease(anna), 9));
    let isClosed = false;
    const closed = comparison.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    doubt.resolve('yes');
    await Promise.all([coming, closed]);
  });
});

describe('by verify', () => {
  const verify = { comparison: 'verify', trust: { quorum: 3 } } as const;
  const isDouble = (chunk: unknown, value: unknown): Answer =>
    value === 2 * Number(chunk) ? 'yes' : 'no';

  test('a result comes with the verdict on it and its chunk', async () => {
    const { lease, admit, asked } = await compared(verify, isDouble);
    const [first, second] = [lease(anna), lease(anna)];
    expect(await admit(anna, replicaOf(first, 0), replicaOf(second, 21))).toEqual([
      { ...result(0), verdict: 'verified' },
      { ...result(21), verdict: 'refuted' },
    ]);
    expect(asked).toEqual([
      ['verify', 0, 0],
      ['verify', 10, 21],
    ]);
  });

  test('a result on which verify fails is a failure, and no lie', async () => {
    const { lease, admit, failures } = await compared(verify, () => broken);
    const given = replicaOf(lease(anna), 'x');
    expect(await admit(anna, given)).toEqual([{ type: 'failure', failure: broken }]);
    expect(failures).toEqual([]);
  });

  test('a job that refutes what its requester has computed itself fails', async () => {
    const { lease, admit, failures } = await compared(verify, () => 'no');
    expect(await admit(self, replicaOf(lease(self), 1))).toEqual([]);
    expect(failures).toMatchObject([{ type: 'requester-failed', step: 'comparison' }]);
    expect(failures[0]).toMatchObject({ reason: expect.stringContaining('contradict') });
  });

  test('a job fails when nobody can be asked', async () => {
    const { lease, admit, failures } = await compared(verify, () => {
      throw new Error('the sandbox is gone');
    });
    expect(await admit(anna, replicaOf(lease(anna), 1))).toEqual([]);
    expect(failures).toMatchObject([{ step: 'comparison', reason: 'the sandbox is gone' }]);
  });

  test('a result that answers no lease is taken for none; failures go on as they are', async () => {
    const { lease, admit, asked } = await compared(verify, isDouble);
    const mine = lease(anna);
    const results = [replicaOf(mine, 1), failureOf(mine), returnOf(mine)];
    const outcomes = await admit(bert, ...results);
    expect(outcomes).toMatchObject([returned, { type: 'failure' }, returned]);
    expect(asked).toEqual([]);
  });

  test('a lease guessed ahead that is out by then brings in nothing uncompared', async () => {
    const doubt = Promise.withResolvers<Answer>();
    const { comparison, table, lease } = await compared(verify, () => doubt.promise);
    const mine = lease(anna);
    const ahead = { lease: mine.lease + 1, chunk: mine.chunk + 1 };
    const coming = comparison.admit(anna, [replicaOf(mine, 0), replicaOf(ahead, 666)]);
    expect(lease(anna)).toEqual(ahead);
    doubt.resolve('yes');
    const given = await coming;
    expect(given.map(({ lease: number, outcome }) => [number, outcome.type])).toEqual([
      [ahead.lease, 'returned'],
      [mine.lease, 'result'],
    ]);
    for (const replica of given) table.result(anna, replica, 1);
    expect(chunksOf(table.lease(bert, 4, 2))).toContain(ahead.chunk);
  });

  test('of a frame nothing is looked at behind what is refuted', async () => {
    const { lease, admit, asked } = await compared(verify, () => 'no');
    const leases = [0, 1, 2, 3, 4, 5].map(() => lease(anna));
    const outcomes = await admit(anna, ...leases.map((one) => replicaOf(one, 1)));
    expect(asked).toHaveLength(4);
    expect(outcomes.slice(4)).toEqual([returned, returned]);
  });

  test('frames wait for their turn, and count if they answer a lease by then', async () => {
    const doubt = Promise.withResolvers<Answer>();
    const { table, lease, admit, asked } = await compared(verify, () => doubt.promise);
    const frames = [lease(anna), lease(anna)].map((one) => admit(anna, replicaOf(one, 1)));
    await new Promise(setImmediate);
    table.peerGone(anna);
    doubt.resolve('yes');
    expect(await Promise.all(frames)).toMatchObject([[{ verdict: 'verified' }], [returned]]);
    expect(asked).toHaveLength(1);
  });

  test('a lease is looked at once at a time, however often its result is sent', async () => {
    const { lease, admit, asked } = await compared(verify, async (chunk, value) => {
      await new Promise(setImmediate);
      return isDouble(chunk, value);
    });
    const mine = lease(anna);
    const sent = [replicaOf(mine, 0), replicaOf(mine, 0)].map((replica) => admit(anna, replica));
    expect((await Promise.all(sent)).flat()).toHaveLength(1);
    expect(asked).toHaveLength(1);
  });

  test('with too much to look at, results are taken for not computed', async () => {
    const doubt = Promise.withResolvers<Answer>();
    const { comparison, lease } = await compared(verify, () => doubt.promise);
    const large = new Uint8Array(400);
    const peers = [anna, bert, cora];
    const waiting = peers.map((peer) => comparison.admit(peer, [replicaOf(lease(peer), large)]));
    const [last] = await comparison.admit(dora, [replicaOf(lease(dora), 1)]);
    expect(last?.outcome).toEqual({ type: 'returned' });
    doubt.resolve('yes');
    await Promise.all(waiting);
  });

  test('a result whose chunk was accepted meanwhile has no verdict', async () => {
    const { pages, lease, admit, asked } = await compared(verify, isDouble);
    const mine = lease(anna);
    await pages.releaseAll();
    const [outcome] = await admit(anna, replicaOf(mine, 0));
    expect(outcome).toEqual(result(0));
    expect(asked).toEqual([]);
  });
});
