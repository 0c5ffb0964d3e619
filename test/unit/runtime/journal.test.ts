import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { JobWrites } from '../../../src/model/journal.ts';
import type { Standing } from '../../../src/model/standing.ts';
import { Journal } from '../../../src/runtime/journal.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { StandingsKeeper } from '../../../src/runtime/standings-keeper.ts';
import { systemTimers } from '../../../src/runtime/system-timers.ts';
import { anna, jobNumbered } from '../../support/protocol-fixtures.ts';
import { resultOf } from '../../support/stored-jobs.ts';

const [job, other] = [jobNumbered(1), jobNumbered(2)];
const standing: Standing = { peer: anna, passed: 1, isCaught: false, seenAtMs: 1 };

/** A journal, whose disk may be so slow that it has to be told to end; and what happened. */
function journalOn(trouble: { commit?: Error; sync?: Error; isSlow?: true } = {}) {
  const events: string[] = [];
  const committed: { writes: readonly JobWrites[]; standings: readonly Standing[] }[] = [];
  let synced = Promise.withResolvers<void>();
  const ended = new Set<string>();
  const log = createLog({
    level: 'warn',
    format: 'json',
    stream: new Writable({ write: (_line, _encoding, done) => done() }),
  });
  const journal = new Journal({
    store: {
      commit: (writes, standings = []) => {
        if (trouble.commit !== undefined) throw trouble.commit;
        committed.push({ writes, standings });
        events.push('committed');
      },
      sync: async () => {
        events.push('syncing');
        if (trouble.isSlow) await synced.promise;
        if (trouble.sync !== undefined) throw trouble.sync;
        events.push('synced');
      },
    },
    standings: new StandingsKeeper({ clock: { nowMs: () => 0 }, log }),
    clock: { nowMs: () => performance.now() },
    timers: systemTimers,
    isRunning: (id) => !ended.has(id),
    onTrouble: (id, reason) => {
      ended.add(id);
      events.push(`${id === job ? 'job' : 'other'} failed: ${reason}`);
    },
    onBug: (error) => events.push(`bug: ${String(error)}`),
  });
  const say = (what: string) => () => void events.push(what);
  /** Ends the sync that is under way. */
  function endSync(): void {
    synced.resolve();
    synced = Promise.withResolvers();
  }
  return { journal, events, committed, ended, say, endSync };
}

test('where nothing is being written nothing waits', () => {
  const { journal, events, say } = journalOn();
  journal.whenSynced(say('told'));
  journal.whenCommitted(say('leased'));
  expect(events).toEqual(['told', 'leased']);
});

test('leases wait for the commit, and what is told for the sync, in its order', async () => {
  const { journal, events, say, endSync } = journalOn({ isSlow: true });
  journal.write({ job, results: [resultOf(0)] });
  journal.whenSynced(say('acknowledged'));
  journal.whenCommitted(say('leased'));
  journal.whenSynced(say('revoked'));
  expect(events).toEqual([]);
  await expect.poll(() => events).toEqual(['committed', 'leased', 'syncing']);
  journal.whenSynced(say('told while it was syncing'));
  endSync();
  await journal.flush();
  const told = ['acknowledged', 'revoked', 'told while it was syncing'];
  expect(events.slice(3)).toEqual(['synced', ...told]);
});

test('what comes in a few milliseconds is one commit, of each job one', async () => {
  const { journal, committed } = journalOn();
  journal.write({ job, results: [resultOf(0)], accepted: [0, 1] });
  journal.write({ job: other, leases: [{ peer: anna, first: 1, chunks: [4] }] });
  journal.write({ job, results: [resultOf(1)], reopened: [1] });
  journal.keep([standing]);
  await journal.flush();
  expect(committed).toHaveLength(1);
  expect(committed[0]?.standings).toEqual([standing]);
  expect(committed[0]?.writes).toMatchObject([
    { job, results: [resultOf(0), resultOf(1)], accepted: [0], reopened: [1] },
    { job: other, leases: [{ chunks: [4] }] },
  ]);
});

test('commits go on while the disk is slow to sync', async () => {
  const { journal, events, say, endSync } = journalOn({ isSlow: true });
  journal.write({ job, results: [resultOf(0)] });
  journal.whenSynced(say('first'));
  await expect.poll(() => events).toContain('syncing');
  journal.write({ job, results: [resultOf(1)] });
  journal.whenCommitted(say('leased'));
  journal.whenSynced(say('second'));
  await expect.poll(() => events).toContain('leased');
  expect(events).not.toContain('synced');
  endSync();
  await expect.poll(() => events).toContain('first');
  // The sync that was under way does not stand for what was committed since.
  expect(events).not.toContain('second');
  endSync();
  await journal.flush();
  expect(events.at(-1)).toBe('second');
});

test.each([
  ['commit', 'the disk is full'],
  ['sync', 'the disk is gone'],
] as const)('a %s that fails is the end of the jobs that it was for', async (step, reason) => {
  const { journal, events, say } = journalOn({ [step]: new Error(reason) });
  journal.write({ job, results: [resultOf(0)] });
  journal.whenKept(job, say('acknowledged'));
  journal.whenKept(other, say('other acknowledged'));
  journal.whenSynced(say('told'));
  await journal.flush();
  expect(events).toContain(`job failed: ${reason}`);
  expect(events).toContain('other acknowledged');
  expect(events).not.toContain('acknowledged');
  expect(events).not.toContain(`other failed: ${reason}`);
  expect(events.at(-1)).toBe('told');
});

test('standings that could not be written are written with the next commit', async () => {
  const trouble: { commit?: Error } = { commit: new Error('the disk is full') };
  const { journal, committed } = journalOn(trouble);
  journal.keep([standing]);
  await journal.flush();
  delete trouble.commit;
  journal.write({ job });
  await journal.flush();
  expect(committed).toMatchObject([{ standings: [standing] }]);
});

test('what comes of a job that has ended is not written any more', async () => {
  const { journal, committed, ended } = journalOn();
  journal.write({ job, results: [resultOf(0)] });
  ended.add(job);
  await journal.flush();
  expect(committed.flatMap(({ writes }) => writes)).toEqual([]);
});

test('one thing that throws keeps nothing else from being done', async () => {
  const { journal, events, say } = journalOn();
  journal.write({ job });
  journal.whenSynced(() => {
    throw new Error('a bug');
  });
  journal.whenSynced(say('told'));
  await journal.flush();
  expect(events.slice(-2)).toEqual(['bug: Error: a bug', 'told']);
});
