/** SQLite, and Node's ways to close it, are the real ones: so a process has to end for each. */

import { execFile } from 'node:child_process';
import { cpSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { openStore } from '../../../src/storage/sqlite-store.ts';
import { storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const script = fileURLToPath(new URL('../../support/failing-disk-process.ts', import.meta.url));

/** Runs until it ends by itself. */
async function failingDisk(path: string, when: 'opening' | 'open') {
  const { promise, resolve } = Promise.withResolvers<{ code: unknown; said: string }>();
  execFile(process.execPath, ['--expose-gc', script, path, when], (error, stdout, stderr) => {
    resolve({ code: error?.code, said: stdout + stderr });
  });
  return promise;
}

/** The database and its log, which are as they were before the process ended. */
function expectKept(path: string): void {
  for (const name of ['jobs.sqlite', 'jobs.sqlite-wal']) {
    expect(readFileSync(join(path, name))).toEqual(readFileSync(join(path, 'before', name)));
  }
  expect(statSync(join(path, 'jobs.sqlite-wal')).size).toBeGreaterThan(0);
}

test('what a process could not sync is in the log when it has ended', async () => {
  const path = tempDir();
  expect(await failingDisk(path, 'open')).toEqual({ code: 12, said: '' });
  expectKept(path);
  const next = await openStore({ path });
  onTestFinished(() => next.close());
  expect(next.listJobs().map(({ spec }) => spec.name)).toEqual(['more', 'primes']);
});

test('a process that could not sync the log at its start leaves it as it was', async () => {
  const [path, copy] = [tempDir(), tempDir()];
  const store = await openStore({ path });
  onTestFinished(() => store.close());
  store.putJob(storedJob('primes', 'running'));
  cpSync(path, copy, { recursive: true });
  const log = readFileSync(join(copy, 'jobs.sqlite-wal'));
  const { code, said } = await failingDisk(copy, 'opening');
  expect(said).toMatch(/^refused: .*EIO/);
  expect(code).toBe(12);
  expectKept(copy);
  expect(readFileSync(join(copy, 'jobs.sqlite-wal'))).toEqual(log);
});
