/**
 * A disk without room, at every write of a job in turn: what the job says then, and that the next
 * one, with room again, is done as if nothing had been.
 */

import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test, vi } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import type { Store } from '../../../src/ports.ts';
import { startDiskPeer } from '../../support/disk-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { runTool } from '../../support/tools.ts';

const MESSAGE = 'There is no space left, for a test.';

/**
 * Which of the store's writes to come fails, and how many of its kind came since this was set. It
 * is not counted among those of other kinds: how many commits come before it is a matter of time.
 */
const fault = vi.hoisted(() => ({ write: '', at: 0, came: 0 }));

const asyncWrites: ReadonlySet<unknown> = new Set<keyof Store>([
  'putBlob',
  'putBlobPieces',
  'sync',
]);
const writes: readonly (keyof Store)[] = [
  'putJob',
  'commit',
  'sync',
  'putEquivalents',
  'dropStatements',
  'dropResults',
  'putBlob',
  'putBlobPieces',
];

vi.mock(import('../../../src/storage/sqlite-store.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, openStore: async (options) => faulty(await original.openStore(options)) };
});

test('whichever write finds the disk full, the job says so, and the next one is done', async () => {
  const peer = await startDiskPeer(tempDir());
  onTestFinished(() => peer.stop());
  const outcomes = new Set<string>();
  for (const write of writes) {
    for (let at = 0; ; at++) {
      Object.assign(fault, { write, at, came: 0 });
      const outcome = await peer.runJob();
      if (fault.came <= at) break;
      expect(outcome).toMatch(new RegExp(`^done$|^(refused, disk-full|failed): .*${MESSAGE}`));
      outcomes.add(`${write}: ${outcome.split(/[,:]/)[0]}`);
      fault.write = '';
      expect(await peer.runJob()).toBe('done');
    }
  }
  fault.write = '';
  const { jobs } = await peer.control.listJobs();
  expect(jobs.filter(({ state }) => state !== 'done' && state !== 'failed')).toEqual([]);
  expect([...outcomes]).toEqual(
    expect.arrayContaining([
      'putBlobPieces: refused',
      'putJob: refused',
      'putBlob: failed',
      'commit: failed',
      'putJob: failed',
      // Without what an audit needs, and with what the next start removes, a result is as good.
      'putBlobPieces: done',
      'dropResults: done',
    ]),
  );
});

test('the same holds for a real disk, however much room there is on it', (ctx) => {
  const script = fileURLToPath(new URL('../../support/full-disk-jobs-process.ts', import.meta.url));
  const mounted = 'mount -t tmpfs -o size=24m none "$1" && exec "$2" "$3" "$1"';
  const isolated = ['--user', '--map-root-user', '--mount', 'sh', '-c', mounted, 'sh'];
  const ran = runTool('unshare', [...isolated, tempDir(), process.execPath, script]);
  if (!ran || /unshare|mount/.test(ran.stderr)) {
    ctx.skip(`no small disk can be mounted here: ${ran?.stderr.trim() ?? 'unshare is missing'}`);
  }
  const outcomes: readonly (readonly [string, string])[] = JSON.parse(ran?.stdout ?? '');
  const stated = /^done$|^(refused, disk-full|failed): .*There is no space left on the disk/;
  for (const [outcome, next] of outcomes) {
    expect(outcome).toMatch(stated);
    expect(next).toBe('done');
  }
  const kinds = outcomes.map(([outcome]) => /^\w+/.exec(outcome)?.[0]);
  expect(kinds[0]).toBe('refused');
  expect(kinds).toContain('failed');
  expect(kinds.at(-1)).toBe('done');
});

function faulty(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = value.bind(target);
      return (...given: readonly unknown[]) => {
        if (name !== fault.write) return method(...given);
        fault.came += 1;
        if (fault.came - 1 !== fault.at) return method(...given);
        const error = new GridError('disk-full', MESSAGE);
        if (asyncWrites.has(name)) return Promise.reject(error);
        throw error;
      };
    },
  });
}
