import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { peerId } from '../../../src/model/ids.ts';
import type { Store } from '../../../src/ports.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { anna, bert, receiptOf } from '../../support/protocol-fixtures.ts';
import { report, storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { runTool } from '../../support/tools.ts';

test('a store gives back after a restart what was put before', async () => {
  const path = tempDir();
  const first = await opened(path);
  const output = { kind: 'text', blob: await first.putBlob(Buffer.from('92')) } as const;
  const job = { ...storedJob('queens', 'done'), report, output };
  first.putJob(job);
  first.close();
  const second = await opened(path);
  expect(second.listJobs()).toEqual([job]);
  expect(Buffer.from((await second.getBlob(output.blob)) ?? []).toString()).toBe('92');
});

test('jobs that a version without a journal left running are lost, and say so', async () => {
  const path = tempDir();
  const first = await opened(path);
  for (const state of ['running', 'merging', 'failed', 'cancelled', 'done'] as const) {
    first.putJob(storedJob(state, state));
  }
  first.close();
  inDatabase(
    path,
    'ALTER TABLE standings DROP COLUMN why; DROP TABLE unsent; PRAGMA user_version = 4',
  );
  const jobs = (await opened(path)).listJobs();
  const failure = 'The peer that ran this job stopped before it was done; submit it again.';
  expect(Object.fromEntries(jobs.map((job) => [job.spec.name, [job.state, job.failure]]))).toEqual({
    running: ['lost', failure],
    merging: ['lost', failure],
    failed: ['failed', undefined],
    cancelled: ['cancelled', undefined],
    done: ['done', undefined],
  });
});

test('a restart deletes half-written files and blobs that no job names', async () => {
  const path = tempDir();
  const first = await opened(path);
  const program = await first.putBlob(Buffer.from('program of primes'));
  const page = await first.putBlob(Buffer.from('page of inputs'));
  first.putJob(storedJob('primes', 'done'));
  const halfWritten = `${program}.0b1f`;
  writeFileSync(join(path, 'blobs', program.slice(0, 2), halfWritten), 'program o');
  first.close();
  const second = await opened(path);
  expect(await second.getBlob(page)).toBeUndefined();
  expect(await second.getBlob(program)).toBeDefined();
  expect(blobFiles(path)).toEqual([program]);
});

test('a restart keeps every blob that a job needs to be known by', async () => {
  const path = tempDir();
  const first = await opened(path);
  const texts = ['program', 'setup', 'script', 'words', 'output', 'parts', 'digests', 'inputs'];
  const blobs = await Promise.all(texts.map((text) => first.putBlob(Buffer.from(text))));
  const [program, setup, script, words, blob, parts, digests, inputs] = blobs;
  if (!program || !setup || !script || !words || !blob || !parts) throw new Error('not put');
  if (!digests || !inputs) throw new Error('not put');
  const { spec, ...job } = storedJob('words', 'done');
  first.putJob({
    ...job,
    spec: {
      ...spec,
      runtime: 'wasi',
      program,
      setup: { digest: setup, bytes: 5 },
      steps: { type: 'script', script },
    },
    output: { kind: 'bytes', blob, parts },
    data: [words],
    certificates: { digests, inputs },
  });
  await first.putBlob(Buffer.from('put, but never submitted'));
  first.close();
  await opened(path);
  expect([...blobFiles(path)].sort()).toEqual([...blobs].sort());
});

test('jobs of the first schema, when all were scripts, are known as such', async () => {
  const path = tempDir();
  const first = await opened(path);
  const { spec, ...job } = storedJob('old', 'done');
  const program = await first.putBlob(Buffer.from('program of old'));
  first.putJob({ ...job, spec });
  first.close();
  const { steps: _none, limits, ...oldSpec } = spec;
  const { stderrBytesMax: _neither, ...oldLimits } = limits;
  const record = encodeCanonical({ ...job, spec: { ...oldSpec, limits: oldLimits } });
  const hex = Buffer.from(record).toString('hex');
  inDatabase(path, `UPDATE jobs SET record = x'${hex}'; ${firstSchema}`);
  const second = await opened(path);
  expect(second.listJobs()).toEqual([{ ...job, spec }]);
  expect(await second.getBlob(program)).toBeDefined();
  second.close();
  expect((await opened(path)).listJobs()).toEqual([{ ...job, spec }]);
});

test('a record of the first schema that is damaged is reported as damage', async () => {
  const path = tempDir();
  const first = await opened(path);
  first.putJob(storedJob('old', 'done'));
  first.close();
  inDatabase(path, `UPDATE jobs SET record = x'ff'; ${firstSchema}`);
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'store-failed',
    message: expect.stringContaining('is damaged'),
  });
});

test('a store of the second schema, which kept no peers, keeps them from now on', async () => {
  const path = tempDir();
  const first = await opened(path);
  first.putJob(storedJob('old', 'done'));
  first.close();
  inDatabase(
    path,
    'DROP TABLE peers; DROP TABLE standings; DROP TABLE receipts; DROP TABLE unsent; ' +
      'PRAGMA user_version = 2',
  );
  const second = await opened(path);
  expect([second.listJobs(), second.listPeers()]).toEqual([[storedJob('old', 'done')], []]);
  second.putPeers([knownPeer]);
  second.close();
  expect((await opened(path)).listPeers()).toEqual([knownPeer]);
});

test('a store of the third schema keeps standings and receipts from now on', async () => {
  const path = tempDir();
  const first = await opened(path);
  first.putPeers([knownPeer]);
  first.close();
  inDatabase(
    path,
    'DROP TABLE standings; DROP TABLE receipts; DROP TABLE unsent; PRAGMA user_version = 3',
  );
  const second = await opened(path);
  expect([second.listPeers(), second.listStandings()]).toEqual([[knownPeer], []]);
  expect(second.listReceipts()).toEqual([]);
  second.putStandings([standing]);
  second.putReceipt(receiptOf());
  second.close();
  const third = await opened(path);
  expect([third.listStandings(), third.listReceipts()]).toEqual([[standing], [receiptOf()]]);
});

test('a store of the fourth schema says from now on why somebody was caught', async () => {
  const path = tempDir();
  const first = await opened(path);
  first.putStandings([standing]);
  first.close();
  inDatabase(
    path,
    'ALTER TABLE standings DROP COLUMN why; DROP TABLE unsent; PRAGMA user_version = 4',
  );
  const second = await opened(path);
  expect(second.listStandings()).toEqual([standing]);
  const caught = { ...standing, passed: 0, isCaught: true, why: 'lied' };
  second.putStandings([caught]);
  second.close();
  expect((await opened(path)).listStandings()).toEqual([caught]);
});

test.each([
  ['an id that is none', `requester = 'damaged'`],
  ['a job that is none', `job = 'damaged'`],
  ['no chunks', 'chunks = 0'],
  ['a number that is none here', 'chunks = 9223372036854775807'],
  ['a time before there was any', 'issued_at_ms = -1'],
])('a receipt with %s is passed over, and the others are shown', async (_what, change) => {
  const path = tempDir();
  const first = await opened(path);
  const other = receiptOf({ requester: bert });
  for (const receipt of [receiptOf(), other]) first.putReceipt(receipt);
  first.close();
  inDatabase(path, `UPDATE receipts SET ${change} WHERE requester = '${anna}'`);
  expect((await opened(path)).listReceipts()).toEqual([other]);
});

test.each([
  ['an id that is none', `peer = 'damaged'`],
  ['fewer checks than none', 'passed = -1'],
  ['a time before there was any', 'seen_at_ms = -1'],
])('a standing with %s is passed over, and the others are known', async (_what, change) => {
  const path = tempDir();
  const first = await opened(path);
  const other = { ...standing, peer: peerId('other'.padEnd(52, '2')) };
  first.putStandings([standing, other]);
  first.close();
  inDatabase(path, `UPDATE standings SET ${change} WHERE peer = '${standing.peer}'`);
  expect((await opened(path)).listStandings()).toEqual([other]);
});

test.each([
  ['an address list that is none', `addresses = '192.0.2.7:7420'`],
  ['an address list of numbers', `addresses = '[7]'`],
  ['an endless address', `addresses = '["${'a'.repeat(300)}:1"]'`],
  ['too many addresses', `addresses = '${JSON.stringify(Array(9).fill('a:1'))}'`],
  ['an id that is none', `peer = 'damaged'`],
  ['a time before there was any', 'seen_at_ms = -1'],
  ['a time that is no number here', 'seen_at_ms = 9223372036854775807'],
])('a known peer with %s is passed over, and the others are known', async (_what, change) => {
  const path = tempDir();
  const first = await opened(path);
  const other = { ...knownPeer, peer: peerId('other'.padEnd(52, '2')) };
  first.putPeers([knownPeer, other]);
  first.close();
  inDatabase(path, `UPDATE peers SET ${change} WHERE peer = '${knownPeer.peer}'`);
  expect((await opened(path)).listPeers()).toEqual([other]);
});

test('what was acknowledged survives kill -9', async () => {
  const path = tempDir();
  const acknowledged = await killedWriter(path, 50);
  expect(acknowledged.length).toBeGreaterThanOrEqual(50);
  const store = await opened(path);
  for (const name of acknowledged) {
    const job = store.getJob(storedJob(name, 'done').job);
    expect(job?.state).toBe(Number(name.slice(4)) % 2 === 0 ? 'running' : 'done');
    const blob = digestOf(Buffer.from(`output of ${name}`));
    expect(await store.getBlob(blob)).toBeDefined();
  }
});

test('a second process is told at once whose the store is', async () => {
  const path = tempDir();
  await opened(path);
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'peer-already-running',
    message: expect.stringContaining(`is in use by process ${process.pid}, since `),
  });
});

test('a store of a newer schema is left alone, with both versions named', async () => {
  const path = tempDir();
  (await opened(path)).close();
  inDatabase(path, 'PRAGMA user_version = 7');
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'store-failed',
    message: `The store in ${path} was written by a newer manyhands: its schema is 7, and this one \
knows 5. Update manyhands, or choose another folder with --data.`,
  });
});

test('a file that is no database is reported with what to do', async () => {
  const path = tempDir();
  writeFileSync(join(path, 'jobs.sqlite'), 'not a database, but long enough to be one'.repeat(99));
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'store-failed',
    message: `The database ${path}/jobs.sqlite is damaged (file is not a database). Stop the \
peer, if it runs. Move the files jobs.sqlite* away, check the disk, and start again: the identity \
of this peer has a file of its own and is not lost, and \`manyhands import\` brings receipts back \
from a backup. The jobs are lost.`,
  });
});

test('a job record that lost a field is reported as damage, naming the field', async () => {
  const path = tempDir();
  const first = await opened(path);
  first.putJob(storedJob('primes', 'done'));
  first.close();
  inDatabase(path, `UPDATE jobs SET record = x'a1636a6f62f6'`); // {"job": null}
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'store-failed',
    message: expect.stringContaining('is damaged (job.job is not a text)'),
  });
});

test('a folder where there is a file is reported with what to do', async () => {
  const path = join(tempDir(), 'file');
  writeFileSync(path, '');
  await expect(openStore({ path })).rejects.toMatchObject({
    code: 'store-failed',
    message: expect.stringContaining('choose another folder with --data'),
  });
});

test('a full disk is reported and loses nothing, and room makes the store go on', (ctx) => {
  const path = tempDir();
  const script = fileURLToPath(new URL('../../support/full-disk-process.ts', import.meta.url));
  const mounted = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" "$3" "$1"';
  const isolated = ['--user', '--map-root-user', '--mount', 'sh', '-c', mounted, 'sh'];
  const ran = runTool('unshare', [...isolated, path, process.execPath, script]);
  if (!ran || /unshare|mount/.test(ran.stderr)) {
    ctx.skip(`no small disk can be mounted here: ${ran?.stderr.trim() ?? 'unshare is missing'}`);
  }
  const said: unknown = JSON.parse(ran?.stdout ?? '');
  const full = {
    code: 'disk-full',
    message: 'There is no space left on the disk that holds PATH/store; free some or use --data.',
  };
  expect(said).toMatchObject({ results: full, blob: full, peersPut: full, known: 2 });
  expect(said).not.toHaveProperty('afterwards');
  const { chunks, readable } = Object(said);
  expect(chunks).toBeGreaterThan(0);
  expect(readable).toBe(chunks);
});

const firstSchema =
  'DROP TABLE peers; DROP TABLE standings; DROP TABLE receipts; DROP TABLE unsent; ' +
  'PRAGMA user_version = 1';

const knownPeer = {
  peer: peerId('known'.padEnd(52, '2')),
  addresses: ['192.0.2.7:7420'],
  seenAtMs: 1_800_000_000_000,
};

const standing = { peer: knownPeer.peer, passed: 2.5, isCaught: false, seenAtMs: 1_000 };

async function opened(path: string): Promise<Store> {
  const store = await openStore({ path });
  onTestFinished(() => store.close());
  return store;
}

function inDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(join(path, 'jobs.sqlite'));
  database.exec(sql);
  database.close();
}

function blobFiles(path: string): readonly string[] {
  const files = readdirSync(join(path, 'blobs'), { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).map((file) => file.name);
}

/** Kills a writing process as soon as it has acknowledged so many jobs; tells which ones. */
async function killedWriter(path: string, jobs: number): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('../../support/store-writer-process.ts', import.meta.url));
  const writer = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(writer, 'exit');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === jobs) writer.kill('SIGKILL');
  }
  await exited;
  expect(existsSync(join(path, 'jobs.sqlite-wal'))).toBe(true);
  return acknowledged;
}
