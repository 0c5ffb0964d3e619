import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { loadIdentity } from '../../../src/transport/identity.ts';
import { stubDataFolder } from '../../support/cli-fixtures.ts';
import { servePeer } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('export writes a file for its owner alone, and import makes the peer of it', async () => {
  const data = stubDataFolder();
  const { peer } = await loadIdentity(data);
  const file = join(tempDir(), 'peer.backup');
  const exported = await runCli(['export', file]);
  expect(exported).toMatchObject({
    code: 0,
    stderr: 'Whoever has this file is the peer: keep it as you keep a private key.\n',
  });
  expect(exported.stdout.toString()).toMatch(/^Wrote .*peer\.backup, \d+ B\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const to = join(tempDir(), 'second');
  const imported = await runCli(['--data', to, 'import', file]);
  expect(imported.stdout.toString()).toBe(
    `The peer in ${to} is ${peer.slice(0, 8)}; new to it: 0 receipts, 0 standings of other peers\n`,
  );
  expect((await loadIdentity(to)).peer).toBe(peer);
});

test('a peer that runs gives its backup itself', async () => {
  await servePeer(stubDataFolder(), {
    async *exportBackup() {
      yield { piece: Buffer.from('a ') };
      yield { piece: Buffer.from('backup') };
    },
  });
  const file = join(tempDir(), 'peer.backup');
  const { stdout } = await runCli(['export', file, '--json']);
  expect(JSON.parse(stdout.toString())).toEqual({ path: file, bytes: 8 });
  expect(readFileSync(file, 'utf8')).toBe('a backup');
});

test('import says what is in the way, and what it would take', async () => {
  const data = stubDataFolder();
  await loadIdentity(data);
  const file = join(tempDir(), 'peer.backup');
  await runCli(['export', file]);
  const other = join(tempDir(), 'other');
  await loadIdentity(other);
  const refused = await runCli(['--data', other, 'import', file]);
  expect(refused).toMatchObject({ code: 12, stderr: expect.stringContaining('with --force') });
  const forced = await runCli(['--data', other, 'import', file, '--force']);
  expect(forced).toMatchObject({ code: 0, stderr: expect.stringContaining('identity.pem.') });
  writeFileSync(file, 'something else');
  const wrong = await runCli(['import', file]);
  expect(wrong).toMatchObject({ code: 7, stderr: expect.stringContaining('no backup') });
  const missing = await runCli(['import', join(tempDir(), 'missing')]);
  expect(missing).toMatchObject({ code: 7, stderr: expect.stringContaining("Can't read") });
});

test('a backup may come through a pipe', async () => {
  const data = stubDataFolder();
  await loadIdentity(data);
  const file = join(tempDir(), 'peer.backup');
  await runCli(['export', file]);
  const pipe = join(tempDir(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const written = writeFile(pipe, readFileSync(file));
  expect(await runCli(['import', pipe])).toMatchObject({ code: 0 });
  await written;
});

test('what never ends is no backup', async () => {
  stubDataFolder();
  const { code, stderr } = await runCli(['import', '/dev/zero']);
  expect(stderr).toMatch(/Can't read the backup \/dev\/zero: it has more than \d.* MiB/);
  expect(code).toBe(7);
});
