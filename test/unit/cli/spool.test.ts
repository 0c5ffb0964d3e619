/** stdin as a file, and that nothing is left of it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { spool } from '../../../src/cli/spool.ts';
import { wasiProgram } from '../../support/cli-fixtures.ts';
import { tempDir } from '../../support/temp-dir.ts';

let folder: string;

beforeEach(() => {
  folder = tempDir();
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
});

test('what comes is kept where only its owner may look, until it is dropped', async () => {
  const spooled = await spool(Readable.from([Buffer.from('one '), Buffer.from('two')]));
  const { path } = spooled;
  expect(await readFile(path, 'utf8')).toBe('one two');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
  spooled.drop();
  spooled.drop();
  expect(await readdir(folder)).toEqual([]);
});

test('nothing is left of what breaks off', async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw new Error('the pipe broke');
    })(),
  );
  await expect(spool(broken)).rejects.toMatchObject({
    code: 'input-unreadable',
    message: expect.stringContaining('the pipe broke'),
  });
  expect(await readdir(folder)).toEqual([]);
});

test('no signal is listened for once it is dropped', async () => {
  const before = process.listenerCount('SIGINT');
  const spooled = await spool(Readable.from([]));
  expect(process.listenerCount('SIGINT')).toBe(before + 1);
  spooled.drop();
  expect(process.listenerCount('SIGINT')).toBe(before);
});

test('nothing is left after Ctrl-C while it comes', async () => {
  const made = once(watch(folder).unref(), 'change');
  const main = join(import.meta.dirname, '../../../src/cli/main.ts');
  const args = ['submit', wasiProgram('echo'), '--lines', '-'];
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, TMPDIR: folder },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  child.stdin.write('1\n');
  await made;
  child.kill('SIGINT');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGINT');
  expect(await readdir(folder)).toEqual([]);
});
