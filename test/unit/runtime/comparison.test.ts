import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import type { JobFailure, JobSpec } from '../../../src/model/job.ts';
import type { Lease, Outcome, ReplicaResult } from '../../../src/model/replica.ts';
import type { Equivalent } from '../../../src/ports.ts';
import { LeaseTable } from '../../../src/protocol/lease-table.ts';
import { RequesterJob } from '../../../src/protocol/requester-job.ts';
import { emptyTotals } from '../../../src/protocol/tally.ts';
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
  failureOf,
  returnOf,
  self,
  specOf,
} from '../../support/protocol-fixtures.ts';
import { credibilityTrust } from '../../support/protocol-evidence.ts';
import { leaseOne } from '../../support/protocol-leases.ts';
import { storedJob } from '../../support/stored-jobs.ts';

const stored = storedJob('sums', 'running');
const broken: Answer = { kind: 'threw', detail: 'equals: TypeError: no number' };

/** Chunk n is the number 10 n. */
async function compared(
  changes: Partial<JobSpec>,
  answer: (first: unknown, second: unknown) => Answer | Promise<Answer>,
) {
  const store = new MemoryStore();
  store.putJob(stored);
  const spec = specOf(changes);
  const table = new LeaseTable(stored.job, spec, emptyTotals());
  table.addChunks(4);
  const run = new RequesterJob(stored.job, spec, table, 0);
  const pages = new JobPages(new PageFiles(store), digestOf);
  await pages.add([0, 10, 20, 30].map(encodeCanonical));
  const asked: unknown[] = [];
  const equivalents: Equivalent[] = [];
  const failures: JobFailure[] = [];
  const isAccepted = (chunk: number): boolean => run.assembler.has(chunk);
  const components = {
    spec,
    calls: {
      ask: async (name: string, pairs: readonly Pair[]) =>
        Promise.all(pairs.map((pair) => answerOf(name, pair))),
      close: () => undefined,
    },
    classes: new ResultClasses({ job: stored.job, store, isAccepted }),
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
  return { run, comparison, pages, asked, equivalents, failures, lease, admit };
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

  test('what answers no lease goes on as it is, and so do failures', async () => {
    const { lease, admit, asked } = await compared(verify, isDouble);
    const mine = lease(anna);
    const results = [replicaOf(mine, 1), failureOf(mine), returnOf(mine)];
    const outcomes = await admit(bert, ...results);
    expect(outcomes).toMatchObject([{ type: 'result' }, { type: 'failure' }, { type: 'returned' }]);
    expect(outcomes[0]).not.toHaveProperty('verdict');
    expect(asked).toEqual([]);
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
    const waiting = [1, 2, 3].map(() => comparison.admit(anna, [replicaOf(lease(anna), large)]));
    const [last] = await comparison.admit(anna, [replicaOf(lease(anna), 1)]);
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
