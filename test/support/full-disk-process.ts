/**
 * Fills the disk that holds the folder argv[2] through a store and prints, as JSON, what the store
 * said of it and what it still knows afterwards.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { GridError } from '../../src/model/errors.ts';
import { limits } from '../../src/model/limits.ts';
import { openStore } from '../../src/storage/sqlite-store.ts';
import { peerNumbered } from './protocol-fixtures.ts';
import { resultOf, storedJob } from './stored-jobs.ts';

const path = process.argv[2] ?? '';
const ballast = join(path, 'ballast');
// What its owner deletes later to make room.
writeFileSync(ballast, new Uint8Array(512 * 1024));
const store = await openStore({ path: join(path, 'store') });
const { job } = storedJob('greedy', 'running');
store.putJob(storedJob('greedy', 'running'));
store.putPeers(peers(2, 'known.example:1'));

let chunks = 0;
const results = caught(() => {
  for (;;) {
    store.commit([
      { job, results: [0, 1, 2, 3].map((step) => resultOf(chunks + step, large(chunks))) },
    ]);
    chunks += 4;
  }
});
const blob = await store.putBlob(large(7)).then(
  () => undefined,
  (error: unknown) => shown(error),
);
const readable = readableChunks();
const peersPut = caught(() => {
  store.putPeers(peers(limits.knownPeersMax, `${'long'.repeat(60)}.example:1`));
});
const known = store.listPeers().length;
rmSync(ballast);
store.dropResults(job);
const afterwards = caught(() => store.commit([{ job, results: [resultOf(0)] }]));
process.stdout.write(
  JSON.stringify({ chunks, results, blob, readable, peersPut, known, afterwards }),
);
store.close();

/** Of 8 addresses each: 256 of them are half a megabyte. */
function peers(count: number, address: string) {
  return Array.from({ length: count }, (_, number) => ({
    peer: peerNumbered(number),
    addresses: Array.from({ length: limits.peerAddressesMax }, () => address),
    seenAtMs: 0,
  }));
}

function caught(work: () => void) {
  try {
    work();
    return undefined;
  } catch (error) {
    return shown(error);
  }
}

function shown(error: unknown) {
  return error instanceof GridError
    ? { code: error.code, message: error.message.replace(path, 'PATH') }
    : { code: 'not a GridError', message: String(error) };
}

function large(seed: number) {
  return new Uint8Array(10_000).fill(seed);
}

function readableChunks() {
  let count = 0;
  for (;;) {
    const values = store.readResults(job, count, 100);
    if (values.length === 0) return count;
    count += values.length;
  }
}
