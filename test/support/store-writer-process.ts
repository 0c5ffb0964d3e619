/**
 * Puts jobs and blobs into the store at argv[2] for ever and prints the name of each once put, so
 * that a test can kill this process at any moment and know what had been promised.
 */

import { openStore } from '../../src/storage/sqlite-store.ts';
import { resultOf, storedJob } from './stored-jobs.ts';

const store = await openStore({ path: process.argv[2] ?? '' });
for (let number = 0; ; number++) {
  const name = `job ${number}`;
  const blob = await store.putBlob(Buffer.from(`output of ${name}`));
  const output = { kind: 'text', blob } as const;
  store.putJob({ ...storedJob(name, number % 2 === 0 ? 'running' : 'done'), output });
  store.commit([{ job: storedJob(name, 'running').job, results: [resultOf(0), resultOf(1)] }]);
  process.stdout.write(`${name}\n`);
}
