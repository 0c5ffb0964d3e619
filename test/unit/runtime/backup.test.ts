import { fdatasync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import type { Standing } from '../../../src/model/standing.ts';
import type { Store, StoredJob } from '../../../src/ports.ts';
import { exportBackup, importBackup } from '../../../src/runtime/backup.ts';
import { openStore } from '../../../src/storage/sqlite-store.ts';
import { loadIdentity, pemOf, temporaryIdentity } from '../../../src/transport/identity.ts';
import { encodeBackup } from '../../../src/wire/backup-codec.ts';
import { anna, bert, jobNumbered } from '../../support/protocol-fixtures.ts';
import { storedJob } from '../../support/stored-jobs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { someKey, someReceipt } from '../../support/wire-samples.ts';

const keep = { replace: false };

vi.mock(import('node:fs'), async (importOriginal) => {
  const fs = await importOriginal();
  return { ...fs, fdatasync: vi.fn<typeof fs.fdatasync>(fs.fdatasync) };
});

test('a peer that is brought to a fresh folder is the same there', async () => {
  const from = tempDir();
  const { peer } = await loadIdentity(from);
  const receipts = await earn(from, peer, 2);
  await see(from, [{ peer: anna, passed: 3, isCaught: false, seenAtMs: 5 }]);
  const to = join(tempDir(), 'not', 'made', 'yet');
  const imported = await importBackup(to, await exportBackup(from), keep);
  expect(imported).toEqual({ peer, standings: 1, receipts: 2 });
  expect((await loadIdentity(to)).peer).toBe(peer);
  expect(statSync(join(to, 'identity.pem')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(to, 'identity.pem'))).toEqual(readFileSync(join(from, 'identity.pem')));
  const kept = await contents(to);
  expect(kept.receipts.map(({ receipt }) => receipt)).toEqual(receipts.toReversed());
  expect(kept.standings).toEqual([{ peer: anna, passed: 3, isCaught: false, seenAtMs: 5 }]);
  expect(await importBackup(to, await exportBackup(from), keep)).toEqual({
    peer,
    standings: 0,
    receipts: 0,
  });
});

test('what the folder has seen itself stays where it is newer, and who was caught is', async () => {
  const from = tempDir();
  await loadIdentity(from);
  const seen = (peer: PeerId, seenAtMs: number, isCaught = false) => {
    return { peer, passed: isCaught ? 0 : seenAtMs, isCaught, seenAtMs };
  };
  const [carl, dora] = [someKey().peer, someKey().peer];
  await see(from, [seen(anna, 5), seen(bert, 5), seen(carl, 5, true), seen(dora, 9)]);
  const backup = await exportBackup(from);
  await see(from, [seen(anna, 9), seen(bert, 3), seen(carl, 9), seen(dora, 5, true)]);
  expect(await importBackup(from, backup, keep)).toMatchObject({ standings: 2 });
  const { standings } = await contents(from);
  expect(new Map(standings.map((standing) => [standing.peer, standing]))).toEqual(
    new Map([
      [anna, seen(anna, 9)],
      [bert, seen(bert, 5)],
      [carl, seen(carl, 5, true)],
      [dora, seen(dora, 5, true)],
    ]),
  );
});

test('another peer is only replaced if its owner says so, and its key is kept', async () => {
  const [from, to] = [tempDir(), tempDir()];
  const { peer } = await loadIdentity(from);
  await earn(from, peer, 1);
  const before = await loadIdentity(to);
  await earn(to, before.peer, 1);
  const backup = await exportBackup(from);
  await expect(importBackup(to, backup, keep)).rejects.toMatchObject({
    code: 'identity-invalid',
    message: expect.stringMatching(/holds another peer, \w{8}, .* replace the peer with --force/),
  });
  expect((await loadIdentity(to)).peer).toBe(before.peer);
  expect((await contents(to)).receipts).toHaveLength(1);
  const { replaced = '' } = await importBackup(to, backup, { replace: true });
  expect((await loadIdentity(to)).peer).toBe(peer);
  expect(readFileSync(replaced, 'utf8')).toContain('PRIVATE KEY');
});

test('what another peer has computed and not delivered is not delivered by this one', async () => {
  const [from, to] = [tempDir(), tempDir()];
  await loadIdentity(from);
  await loadIdentity(to);
  const backup = await exportBackup(from);
  for (const path of [from, to]) await owe(path);
  await importBackup(from, backup, { replace: true });
  await importBackup(to, backup, { replace: true });
  expect(await withStore(from, (store) => store.listUnsent(0).length)).toBe(2);
  expect(await withStore(to, (store) => store.listUnsent(0).length)).toBe(0);
});

test('while jobs of another peer are under way, not even --force replaces it', async () => {
  const [from, to] = [tempDir(), tempDir()];
  const { peer } = await loadIdentity(from);
  const before = await loadIdentity(to);
  const backup = await exportBackup(from);
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  await withStore(to, (store) => {
    for (const name of names) store.putJob(jobOf(name, before.peer));
    store.putJob({ ...jobOf('over', before.peer), state: 'done' });
  });
  await expect(importBackup(to, backup, { replace: true })).rejects.toMatchObject({
    code: 'identity-invalid',
    message: expect.stringMatching(/ another peer .*: [a-g] \(\w{8}\), .* and 2 more\. Start /),
  });
  expect((await loadIdentity(to)).peer).toBe(before.peer);
  await withStore(to, (store) => {
    for (const name of names) store.putJob({ ...jobOf(name, before.peer), state: 'cancelled' });
    store.putJob(jobOf('own', peer));
  });
  expect(await importBackup(to, backup, { replace: true })).toMatchObject({ peer });
});

test('a damaged key is replaced by that of the backup, and what was here stays', async () => {
  const from = tempDir();
  const { peer } = await loadIdentity(from);
  await owe(from);
  await withStore(from, (store) => store.putJob(jobOf('own', peer)));
  const backup = await exportBackup(from);
  writeFileSync(join(from, 'identity.pem'), 'half a key');
  await expect(importBackup(from, backup, keep)).rejects.toMatchObject({
    code: 'identity-invalid',
    message: expect.stringContaining('`manyhands import FILE --force`'),
  });
  const { replaced = '' } = await importBackup(from, backup, { replace: true });
  expect(readFileSync(replaced, 'utf8')).toBe('half a key');
  expect((await loadIdentity(from)).peer).toBe(peer);
  expect(await withStore(from, (store) => store.listUnsent(0).length)).toBe(2);
});

test('when the new key can not be written, the peer is who it was', async () => {
  const [from, to] = [tempDir(), tempDir()];
  await loadIdentity(from);
  const before = await loadIdentity(to);
  const backup = await exportBackup(from);
  mkdirSync(join(to, `identity.pem.${process.pid}.new`));
  await expect(importBackup(to, backup, { replace: true })).rejects.toMatchObject({
    code: 'identity-invalid',
  });
  expect((await loadIdentity(to)).peer).toBe(before.peer);
});

test('when what came with it can not be synced, the key does not come', async () => {
  const from = tempDir();
  await loadIdentity(from);
  const backup = await exportBackup(from);
  const to = tempDir();
  const failing = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' });
  vi.mocked(fdatasync)
    // As the store is opened.
    .mockImplementationOnce((_file, done) => done(null))
    .mockImplementationOnce((_file, done) => done(failing));
  await expect(importBackup(to, backup, keep)).rejects.toMatchObject({ code: 'store-failed' });
  expect(readdirSync(to)).not.toContain('identity.pem');
});

test('what was seen later than now is as if it were of now', async () => {
  const to = tempDir();
  const standing = { peer: anna, passed: 3, isCaught: false, seenAtMs: Number.MAX_SAFE_INTEGER };
  const identity = pemOf(temporaryIdentity());
  const startMs = Date.now();
  await importBackup(to, encodeBackup({ identity, standings: [standing], receipts: [] }), keep);
  const [kept] = (await contents(to)).standings;
  expect(kept?.seenAtMs).toBeGreaterThanOrEqual(startMs);
  expect(kept?.seenAtMs).toBeLessThanOrEqual(Date.now());
});

test('receipts for the work of others are no credit of this peer', async () => {
  const from = tempDir();
  const { peer } = await loadIdentity(from);
  await earn(from, peer, 1);
  await earn(from, someKey().peer, 1);
  expect(await importBackup(tempDir(), await exportBackup(from), keep)).toMatchObject({
    receipts: 1,
  });
});

test('a folder without a peer has no backup, and none is made up', async () => {
  const path = tempDir();
  await expect(exportBackup(path)).rejects.toMatchObject({
    code: 'identity-invalid',
    message: `There is no peer in ${path} to make a backup of. Name its data folder with --data.`,
  });
});

test('a folder that a peer runs in takes no backup', async () => {
  const from = tempDir();
  await loadIdentity(from);
  const backup = await exportBackup(from);
  const store = await openStore({ path: from });
  await expect(importBackup(from, backup, keep)).rejects.toMatchObject({
    code: 'peer-already-running',
  });
  store.close();
});

test.each([
  ['no backup', Buffer.from('hello'), /it is no backup of a manyhands peer/],
  ['a key that is none', encodeBackup({ identity: 'x', standings: [], receipts: [] }), /its key/],
])('%s changes nothing', async (_what, bytes, reason) => {
  const path = tempDir();
  writeFileSync(join(path, 'mine'), '');
  await expect(importBackup(path, bytes, keep)).rejects.toMatchObject({
    code: 'input-unreadable',
    message: expect.stringMatching(reason),
  });
  expect(readdirSync(path)).toEqual(['mine']);
});

async function withStore<Value>(path: string, use: (store: Store) => Value): Promise<Value> {
  const store = await openStore({ path });
  try {
    return use(store);
  } finally {
    store.close();
  }
}

/** Receipts for this peer, each of another requester. */
function earn(path: string, peer: PeerId, count: number) {
  return withStore(path, (store) =>
    Array.from({ length: count }, () => {
      const signed = someReceipt(someKey(), peer);
      store.putReceipt(signed);
      return signed.receipt;
    }),
  );
}

/** Results that were not delivered. */
function owe(path: string) {
  const failure = { kind: 'threw', detail: 'no' } as const;
  const outcome = { type: 'failure', failure } as const;
  const results = [1, 2].map((lease) => ({
    requester: anna,
    addresses: [],
    job: jobNumbered(1),
    replica: { lease, chunk: lease, computeMs: 1, outcome },
  }));
  return withStore(path, (store) => store.putUnsent(results, Date.now()));
}

function jobOf(name: string, requester: PeerId): StoredJob {
  const job = storedJob(name, 'running');
  return { ...job, spec: { ...job.spec, requester } };
}

function see(path: string, standings: readonly Standing[]) {
  return withStore(path, (store) => store.putStandings(standings));
}

function contents(path: string) {
  return withStore(path, (store) => {
    return { standings: store.listStandings(), receipts: store.listReceipts() };
  });
}
