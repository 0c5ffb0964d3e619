/**
 * A store on a disk that fails to sync, in a process that ends by itself, with exit code 12.
 * Usage: failing-disk-process.ts FOLDER opening|open: it fails from the start, or once a job was
 * put. Only the syncs of this process hear of it, and those of SQLite don't. What the files are by
 * then is copied into FOLDER/before.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { storedJob } from './stored-jobs.ts';

const [path = '', when] = process.argv.slice(2);
const trouble = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' });
const { fdatasync, fdatasyncSync } = fs;
let isBroken = when === 'opening';

Reflect.set(fs, 'fdatasync', (file: number, done: fs.NoParamCallback) => {
  if (isBroken) done(trouble);
  else fdatasync(file, done);
});
Reflect.set(fs, 'fdatasyncSync', (file: number) => {
  if (isBroken) throw trouble;
  fdatasyncSync(file);
});
syncBuiltinESMExports();

// Only now: what it imports is to be what was changed above.
const { openStore } = await import('../../src/storage/sqlite-store.ts');

async function use(): Promise<void> {
  const store = await openStore({ path });
  store.putJob(storedJob('primes', 'running'));
  await store.sync();
  store.putJob(storedJob('more', 'running'));
  isBroken = true;
  await store.sync().catch(() => store.close());
}

await use().catch((error: unknown) => process.stdout.write(`refused: ${String(error)}\n`));
fs.mkdirSync(join(path, 'before'));
for (const name of ['jobs.sqlite', 'jobs.sqlite-wal']) {
  fs.copyFileSync(join(path, name), join(path, 'before', name));
}
// Nobody has the database any more.
for (let round = 0; round < 5; round++) {
  globalThis.gc?.();
  await setTimeout(10);
}
process.exitCode = 12;
