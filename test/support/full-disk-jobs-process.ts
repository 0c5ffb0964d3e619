/**
 * Runs jobs in a peer whose data folder is in argv[2], a small disk, with ever more room left on
 * it, and each time one more with plenty. Prints, as JSON, how each pair has ended.
 */

import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startDiskPeer } from './disk-jobs.ts';

const PAGE_BYTES = 4096;
/** More than a job needs. */
const PAGES_MAX = 60;
const PAGES_STEP = 3;

const path = process.argv[2] ?? '';
const ballast = join(path, 'ballast');
const peer = await startDiskPeer(join(path, 'data'));
const outcomes: [string, string][] = [];
for (let pages = 0; pages <= PAGES_MAX; pages += PAGES_STEP) {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(ballast, new Uint8Array(bavail * bsize - pages * PAGE_BYTES));
  const outcome = await peer.runJob();
  rmSync(ballast);
  outcomes.push([outcome, await peer.runJob()]);
}
process.stdout.write(JSON.stringify(outcomes));
await peer.stop();
