/** What is said to volunteers, and when: not before it would outlive what it is said after. */

import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import type { RequesterMessage } from '../../../src/model/messages.ts';
import type { PeerEvent } from '../../../src/protocol/events.ts';
import { RequesterJob } from '../../../src/protocol/requester/requester-job.ts';
import { PieceSteps } from '../../../src/runtime/job-steps.ts';
import { Journal } from '../../../src/runtime/journal.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { OwnJob } from '../../../src/runtime/own-job.ts';
import { OwnWork } from '../../../src/runtime/own-work.ts';
import { PageFiles } from '../../../src/runtime/pages.ts';
import { StandingsKeeper } from '../../../src/runtime/standings-keeper.ts';
import { systemTimers } from '../../../src/runtime/system-timers.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { anna, jobNumbered, receiptOf, resultOf } from '../../support/protocol-fixtures.ts';
import { digestNumbered, self, specOf } from '../../support/protocol-fixtures.ts';
import { leaseOne, tableOf } from '../../support/protocol-leases.ts';

const job = jobNumbered(1);
const spec = specOf({
  trust: { quorum: 1 },
  steps: { type: 'pieces', pieces: { type: 'range', from: 0, to: 3, numbersPerChunk: 1 } },
});

/** A job of three chunks, the first leased to Anna, at a requester whose disk syncs when told. */
async function ownWork() {
  const happened: string[] = [];
  const events: PeerEvent[] = [];
  const syncs: (() => void)[] = [];
  class SlowStore extends MemoryStore {
    override commit(...given: Parameters<MemoryStore['commit']>): void {
      super.commit(...given);
      happened.push('committed');
    }

    override sync(): Promise<void> {
      const synced = Promise.withResolvers<void>();
      syncs.push(synced.resolve);
      return synced.promise;
    }
  }
  const store = new SlowStore();
  const log = createLog({
    level: 'error',
    stream: new Writable({ write: (_line, _encoding, done) => done() }),
  });
  const table = tableOf(3, spec);
  const lease = leaseOne(table, anna);
  const machine = new RequesterJob(job, spec, table, 0);
  const split = Promise.withResolvers<void>();
  const own = new OwnJob(job, spec, {
    steps: new PieceSteps(
      {
        pieces: { type: 'range', from: 0, to: 3, numbersPerChunk: 1 },
        paths: [],
        input: undefined,
      },
      { store },
    ),
    store,
    pageFiles: new PageFiles(store),
    dispatch: ({ type }) => {
      if (type === 'split-ended') split.resolve();
    },
    machine: () => machine,
    nowMs: () => 0,
  });
  own.run();
  await split.promise;
  happened.length = 0;
  const clock = { nowMs: () => performance.now() };
  const journal = new Journal({
    store,
    clock,
    timers: systemTimers,
    log,
    standings: new StandingsKeeper({ clock, log }),
    isRunning: () => true,
    onTrouble: (_job, reason) => happened.push(`trouble: ${reason}`),
    onBug: (error) => happened.push(`bug: ${String(error)}`),
  });
  const work = new OwnWork({
    self,
    peer: { ownJob: () => machine },
    transport: {
      sendToVolunteer: (_to: PeerId, message: RequesterMessage) => happened.push(message.type),
      closeVolunteer: () => happened.push('closed'),
      signReceipt: (receipt) => receiptOf(receipt),
      signResults: () => [],
    },
    accuser: { accuse: async () => undefined },
    journal,
    log,
    ownJob: () => own,
    dispatch: (event) => events.push(event),
    background: (background) => void background.catch(() => happened.push('rejected')),
  });
  /** Syncs what was committed by now. */
  async function sync(): Promise<void> {
    await expect.poll(() => syncs.length).toBeGreaterThan(0);
    syncs.shift()?.();
  }
  return { work, journal, happened, events, store, own, lease, sync };
}

test('leases are sent when they are committed, all else when it is synced', async () => {
  const { work, journal, happened, store, lease, sync } = await ownWork();
  const leases = [lease.lease];
  const signed = { payload: Buffer.of(1), publicKey: Buffer.of(2), signature: Buffer.of(3) };
  const frame = { job, replicas: [resultOf(lease)], signed };
  work.carryOut({ type: 'keep-statement', frame, counted: frame.replicas });
  work.sendToVolunteer(anna, { type: 'acknowledge', job, leases });
  work.sendToVolunteer(anna, { type: 'revoke', job, leases });
  work.sendToVolunteer(anna, { type: 'leases', job, leaseMs: 9, chunks: [{ lease: 2, chunk: 1 }] });
  work.sendToVolunteer(anna, { type: 'ping', id: 1 });
  expect(happened).toEqual(['ping']);
  await expect.poll(() => happened).toEqual(['ping', 'committed', 'leases']);
  expect(store.readStatements(job, 0)).toMatchObject([{ signed }]);
  expect(store.readLeases(job, 0)).toEqual([{ peer: anna, first: 2, chunks: [1] }]);
  await sync();
  await journal.flush();
  expect(happened.slice(3)).toEqual(['acknowledge', 'revoke']);
});

test('a receipt and the end of a job are told when what they rest on is synced', async () => {
  const { work, journal, happened, sync } = await ownWork();
  work.carryOut({ type: 'keep-moves', job, accepted: [0], reopened: [], caught: [] });
  work.sendToVolunteer(anna, { type: 'receipt', receipt: receiptOf().receipt });
  work.sendToVolunteer(anna, { type: 'job-ended', job });
  await expect.poll(() => happened).toEqual(['committed']);
  await sync();
  await journal.flush();
  expect(happened).toEqual(['committed', 'receipt', 'job-ended']);
});

test('a job is merged when its last result is synced', async () => {
  const { work, journal, own, sync } = await ownWork();
  work.carryOut({ type: 'store-results', job, results: [] });
  work.carryOut({ type: 'all-accepted', job });
  expect(own.state).toBe('running');
  await sync();
  await journal.flush();
  expect(own.state).toBe('merging');
});

test('leases that were made together are one row', async () => {
  const { work, journal, store, sync } = await ownWork();
  const chunks = [
    { lease: 5, chunk: 2 },
    { lease: 6, chunk: 0 },
    { lease: 9, chunk: 1 },
  ];
  work.sendToVolunteer(anna, { type: 'leases', job, leaseMs: 9, chunks });
  await sync();
  await journal.flush();
  expect(store.readLeases(job, 0)).toEqual([
    { peer: anna, first: 5, chunks: [2, 0] },
    { peer: anna, first: 9, chunks: [1] },
  ]);
});

test('who has signed for other work than it was leased loses its stream', async () => {
  const { work, happened, events, own, lease } = await ownWork();
  const leased = await own.pages.workOf(lease.chunk);
  if (leased === undefined) throw new Error('the page is gone');
  const right = { ...resultOf(lease), work: leased };
  const other = { ...right, work: digestNumbered(9) };
  await work.receive(anna, { type: 'results', frame: { job, replicas: [other] } });
  expect([happened, events]).toEqual([['closed'], [{ type: 'volunteer-down', peer: anna }]]);
  await work.receive(anna, { type: 'results', frame: { job, replicas: [right] } });
  expect(events.slice(1)).toMatchObject([{ type: 'volunteer-message', from: anna }]);
});
