import { expect, test } from 'vitest';

import type { JobWrites } from '../../../src/model/journal.ts';
import type { Standing } from '../../../src/model/standing.ts';
import { Journal } from '../../../src/runtime/journal.ts';
import { StandingsKeeper } from '../../../src/runtime/standings-keeper.ts';
import { systemTimers } from '../../../src/runtime/system-timers.ts';
import { anna, jobNumbered } from '../../support/protocol-fixtures.ts';
import { recordingLog } from '../../support/silent-log.ts';
import { resultOf } from '../../support/stored-jobs.ts';

const [job, other] = [jobNumbered(1), jobNumbered(2)];
const standing: Standing = { peer: anna, passed: 1, isCaught: false, seenAtMs: 1 };

type Trouble = { commit?: Error; sync?: Error; isSlow?: true };

/** A journal, whose disk may be so slow that it has to be told to end; and what happened. */
function journalOn(trouble: Trouble = {}) {
  const events: string[] = [];
  const committed: { writes: readonly JobWrites[]; standings: readonly Standing[] }[] = [];
  let synced = Promise.withResolvers<void>();
  const ended = new Set<string>();
  const { log, lines } = recordingLog('info');
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
    log,
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
  return { journal, events, committed, ended, say, endSync, lines };
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

test('a commit that fails is the end of the jobs that it was for', async () => {
  const { journal, events, say } = journalOn({ commit: new Error('the disk is full') });
  journal.write({ job, results: [resultOf(0)] });
  journal.whenKept(job, say('acknowledged'));
  journal.whenKept(other, say('other acknowledged'));
  journal.whenSynced(say('told'));
  await journal.flush();
  expect(events).toContain('job failed: the disk is full');
  expect(events).toContain('other acknowledged');
  expect(events).not.toContain('acknowledged');
  expect(events).not.toContain('other failed: the disk is full');
  expect(events.at(-1)).toBe('told');
});

test('after a sync that failed nothing is told, and no job ends, until one goes well', async () => {
  const trouble: Trouble = { sync: new Error('the disk is away') };
  const { journal, events, say } = journalOn(trouble);
  journal.write({ job, results: [resultOf(0)] });
  journal.whenKept(job, say('acknowledged'));
  await expect.poll(() => events).toContain('syncing');
  journal.write({ job: other, results: [resultOf(0)] });
  journal.whenCommitted(say('leased'));
  journal.whenKept(other, say('other acknowledged'));
  await expect.poll(() => events.filter((event) => event === 'syncing')).toHaveLength(3);
  expect(events).toContain('leased');
  journal.whenSynced(say('told'));
  const before = [...events];
  delete trouble.sync;
  await expect.poll(() => events).toContain('told');
  expect(new Set(before)).toEqual(new Set(['committed', 'syncing', 'leased']));
  const told = ['acknowledged', 'other acknowledged', 'told'];
  expect(events.filter((event) => told.includes(event))).toEqual(told);
});

test('why nothing is told is logged once, and that it is over', async () => {
  const trouble: Trouble = { sync: new Error('the disk is away') };
  const { journal, events, lines } = journalOn(trouble);
  journal.write({ job });
  await expect.poll(() => events.filter((event) => event === 'syncing')).toHaveLength(3);
  delete trouble.sync;
  await expect.poll(() => events).toContain('synced');
  await journal.flush();
  expect(lines).toEqual([
    expect.stringContaining("can't be synced, and nobody is told that it is kept: the disk is"),
    expect.stringContaining('the disk can sync again'),
  ]);
});

test('at the end it is tried once more, and what can’t be synced is not told', async () => {
  const trouble: Trouble = { sync: new Error('the disk is away') };
  const { journal, events, say, lines } = journalOn(trouble);
  journal.write({ job, results: [resultOf(0)] });
  journal.whenSynced(say('told'));
  await expect.poll(() => lines).toHaveLength(1);
  const attempts = events.length;
  await journal.flush();
  expect(events.slice(attempts)).toEqual(['syncing']);
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
