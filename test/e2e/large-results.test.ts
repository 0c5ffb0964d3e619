/** Results of many megabytes arrive whole, whoever dies meanwhile, and leave nothing behind. */

import { once } from 'node:events';
import { existsSync, type FSWatcher, mkdirSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { jobState, manyhands, type PeerProcess, startGrid } from '../support/grid-process.ts';
import { record, spawnPeer } from '../support/peer-process.ts';
import { resultOf } from '../support/small-job.ts';

const blocks = fileURLToPath(new URL('../support/jobs/blocks.ts', import.meta.url));

function submit({ dataPath }: PeerProcess, count: number, bytes: number, flags: string[] = []) {
  const params = [`count=${count}`, `bytes=${bytes}`, '--trust', 'quorum:2', ...flags];
  return manyhands(['--data', dataPath, 'submit', blocks, ...params]);
}

/** What merge makes of them. */
function expected(count: number, bytes: number): unknown {
  const sum = Array.from({ length: count }, (_, n) => 2 * n).reduce((a, b) => a + b, 0);
  return { blocks: count, bytes: count * bytes, sum };
}

function incomingOf({ dataPath }: PeerProcess): string {
  return join(dataPath, 'incoming');
}

function leftIn(peer: PeerProcess): string[] {
  const path = incomingOf(peer);
  return existsSync(path) ? readdirSync(path) : [];
}

/** What comes in may be there for a moment only: who looks now and then could miss it. */
function watchIncoming(peer: PeerProcess): FSWatcher {
  const path = incomingOf(peer);
  mkdirSync(path, { recursive: true });
  const watcher = watch(path);
  onTestFinished(() => watcher.close());
  return watcher;
}

test('results of 10 MB are compared and merged', async () => {
  const [requester] = await startGrid({ slots: 0 });
  const { code, stdout } = await submit(requester, 3, 10_000_000, ['--result-limit', '16MiB']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(expected(3, 10_000_000));
  expect(leftIn(requester)).toEqual([]);
});

test('the requester dies while results come in, and the job ends right', async () => {
  const [requester] = await startGrid({ slots: 0 });
  const [count, bytes] = [8, 4_000_000];
  const flags = ['--result-limit', '4MB', '--detach', '--json'];
  const comesIn = once(watchIncoming(requester), 'change');
  const { stdout } = await submit(requester, count, bytes, flags);
  const jobId = String(record(JSON.parse(stdout))['jobId']);
  await comesIn;
  await requester.end();
  const { dataPath, address } = requester;
  const again = await spawnPeer({ dataPath, slots: 0, args: ['--listen', address] });
  onTestFinished(() => again.end());
  await jobState(again.control, jobId, ({ state }) => state === 'done');
  expect(JSON.parse(await resultOf(again, jobId))).toEqual(expected(count, bytes));
  expect(leftIn(again)).toEqual([]);
});
