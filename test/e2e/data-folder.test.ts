/**
 * The data folder of a peer: it can't be written, it is damaged, somebody has it already, or it
 * moves to another machine. Each is said in words, with its own exit code.
 */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, globSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test, type TestContext } from 'vitest';

import { manyhands, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { launcher, spawnPeer } from '../support/peer-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a folder that can not be written is named at the start, new or not', (ctx) => {
  const fresh = tempDir();
  const used = tempDir();
  expect(joinWith(['--data', used, '--metrics', '192.0.2.1:0'])).toMatchObject({ status: 10 });
  expect(statSync(join(used, 'jobs.sqlite')).size).toBeGreaterThan(0);
  for (const data of [fresh, used]) {
    const { status, stderr } = joinReadOnly(ctx, data);
    expect(stderr).toMatch(/^error: The data folder .* can't be written \(.*read-only file system/);
    expect(stderr).toMatch(/, or choose another folder with --data\.\n$/);
    expect(stderr).toContain(data);
    expect(status).toBe(12);
  }
});

test('a damaged database is named at the start, and left as it is', async () => {
  const peer = await startPeer();
  await squaresDone(peer, await submitSquares(peer, { count: 5 }), 5);
  await stopped(peer);
  const file = join(peer.dataPath, 'jobs.sqlite');
  overwrite(file, 4096 * 2, 4096);
  const damaged = readFileSync(file);
  const { status, stderr } = joinWith(['--data', peer.dataPath]);
  expect(stderr).toMatch(
    /^error: The database .*\/jobs\.sqlite is damaged \(.*\)\. .* the files jobs\.sqlite\* away/,
  );
  expect(status).toBe(12);
  expect(readFileSync(file)).toEqual(damaged);
});

test('who comes second is told who has the folder, and how to reach it', async () => {
  const peer = await startPeer();
  const { status, stderr } = joinWith(['--data', peer.dataPath]);
  expect(stderr).toMatch(
    /is in use by process \d+, since 2\d{3}-.*`manyhands status` reaches it at/,
  );
  expect(stderr).toContain(`process ${peer.process.pid},`);
  expect(stderr).toContain(join(peer.dataPath, 'control.sock'));
  expect(status).toBe(9);
});

test('a folder whose database was moved away under a peer that runs is still its', async () => {
  const peer = await startPeer();
  for (const file of globSync(join(peer.dataPath, 'jobs.sqlite*'))) rmSync(file);
  const { status, stderr } = joinWith(['--data', peer.dataPath]);
  expect(stderr).toContain(`is in use by process ${peer.process.pid},`);
  expect(status).toBe(9);
});

test('a peer moves to another folder with its name and its credit', async () => {
  const ada = await startPeer({ slots: 0 });
  const bea = await startPeer({ through: [ada] });
  await squaresDone(ada, await submitSquares(ada, { count: 20 }), 20);
  await bea.logged(/a receipt has come/);
  const file = join(tempDir(), 'bea.backup');
  // While it runs; after the move it must not.
  expect(await manyhands(['--data', bea.dataPath, 'export', file])).toMatchObject({ code: 0 });
  await stopped(bea);

  const dataPath = join(tempDir(), 'moved');
  const imported = await manyhands(['--data', dataPath, 'import', file]);
  expect(imported.stdout).toContain(`is ${bea.peer.slice(0, 8)}; new to it: 1 receipt`);
  const moved = await spawnPeer({ dataPath, through: [ada] });
  onTestFinished(() => moved.end());
  expect(moved.peer).toBe(bea.peer);
  const credit = await manyhands(['--data', dataPath, 'credit']);
  expect(credit.stdout).toContain(`\n${ada.peer.slice(0, 8)} `);
});

/** With all that it has written in the one file. */
async function stopped({ process, control }: PeerProcess): Promise<void> {
  const exited = once(process, 'exit');
  await control.finish();
  await exited;
}

/** Starts a peer that should not come up. */
function joinWith(args: readonly string[], wrapper: readonly string[] = []) {
  const line = [process.execPath, launcher, 'join', '--listen', '127.0.0.1:0', ...args];
  const [command = '', ...words] = [...wrapper, ...line];
  return spawnSync(command, words, { encoding: 'utf8', timeout: 120_000 });
}

/** The same where the folder is on a file system that can't be written, even by root. */
function joinReadOnly(ctx: TestContext, data: string) {
  const mounted = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const wrapper = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', mounted, data];
  const [command = '', ...words] = wrapper;
  const tried = spawnSync(command, [...words, 'true'], { encoding: 'utf8' });
  if (tried.status !== 0) ctx.skip(`nothing can be mounted read-only here: ${tried.stderr}`);
  return joinWith(['--data', data], wrapper);
}

function overwrite(path: string, at: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, new Uint8Array(bytes).fill(0xff), 0, bytes, at);
  closeSync(file);
}
