/**
 * bin/manyhands.js under the Node that a machine happens to have, and from an installed package.
 */

import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { tempDir } from '../support/temp-dir.ts';

const root = resolve(import.meta.dirname, '../..');
const launcher = join(root, 'bin', 'manyhands.js');
const run = promisify(execFile);

/** An older Node on this machine, if there is one; what it starts then is a real hand-over. */
const olderNode = findOlderNode();

function findOlderNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of new Set([...folders, '/usr/bin', '/usr/local/bin'])) {
    const node = join(folder, 'node');
    try {
      const version = execFileSync(node, ['--version'], { encoding: 'utf8', stdio: 'pipe' });
      if (Number(/^v(\d+)/.exec(version)?.[1]) < 26) return node;
    } catch {
      // No Node there.
    }
  }
  return undefined;
}

/** A Node that says it is older: the launcher's decision, where no older one is at hand. */
async function oldNode(): Promise<string[]> {
  if (olderNode !== undefined) return [olderNode];
  const preload = join(tempDir(), 'older.cjs');
  await writeFile(
    preload,
    `if (!process.env.HANDED_OVER) {
       process.env.HANDED_OVER = '1';
       Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
     }`,
  );
  return [process.execPath, '--require', preload];
}

/** `join` through the launcher. @returns when the peer is up */
async function startPeer(): Promise<{ launcher: ChildProcess; data: string; about: unknown }> {
  const data = join(tempDir(), 'data');
  const [node = '', ...options] = await oldNode();
  const args = ['join', '--listen', '127.0.0.1:0', '--slots', '1', '--data', data, '--json'];
  const child = spawn(node, [...options, launcher, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // No terminal, so that a signal to the launcher is one to the launcher alone.
    detached: true,
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const line = await Promise.race([
    once(child.stdout, 'data').then(String),
    once(child, 'close').then(() => Promise.reject(new Error(`the peer ended: ${stderr}`))),
  ]);
  return { launcher: child, data, about: JSON.parse(line) };
}

describe('the launcher', () => {
  test('is plain JavaScript of 2009, which any Node can read', async () => {
    const source = await readFile(launcher, 'utf8');
    // esbuild refuses what it can't write in ES5: const, classes, and the like.
    await expect(transform(source, { target: 'es5' })).resolves.toBeDefined();
    expect(source).not.toMatch(/=>|`\$|\blet\b|,\s*\)/);
  });

  test('under an old Node hands over to the one beside it, exit code and all', async () => {
    const [node = '', ...options] = await oldNode();
    const { stdout } = await run(node, [...options, launcher, '--version']);
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(stdout).toBe(`${version}\n`);
    await expect(run(node, [...options, launcher, 'sumbit'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean submit?'),
    });
  });

  test('under an old Node with no other beside it says what is missing', async () => {
    const folder = tempDir();
    await mkdir(join(folder, 'bin'));
    for (const name of ['manyhands.js', 'package.json']) {
      await copyFile(join(root, 'bin', name), join(folder, 'bin', name));
    }
    const [node = '', ...options] = await oldNode();
    const failed = run(node, [...options, join(folder, 'bin', 'manyhands.js'), '--version']);
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: manyhands needs Node 26 .*npm install node@26`.*\n$/),
    });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'passes %s on once, and the peer stops in good order',
    async (signal) => {
      const peer = await startPeer();
      expect(peer.about).toMatchObject({
        peer: expect.stringMatching(/^[a-z2-7]{52}$/),
        controlPath: join(peer.data, 'control.sock'),
      });
      peer.launcher.kill(signal);
      // A second Ctrl-C would have ended it at once, with 130.
      expect(await once(peer.launcher, 'exit')).toEqual([0, null]);
    },
  );

  test('ends as its child ended when that was killed', async () => {
    const peer = await startPeer();
    const args = [launcher, 'status', '--json', '--data', peer.data];
    const { stdout } = await run(process.execPath, args);
    process.kill(JSON.parse(stdout).pid, 'SIGKILL');
    expect(await once(peer.launcher, 'exit')).toEqual([null, 'SIGKILL']);
  });
});

test('whoever reads the output may go away: that is no error', async () => {
  const child = spawn(process.execPath, [launcher, 'completion', 'fish']);
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(stderr).toBe('');
});

describe('the packed package', () => {
  let folder: string;
  let bin: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'manyhands-'));
    // Built and packed in a copy, so that the checkout stays as it is.
    const checkout = join(folder, 'checkout');
    const parts =
      'package.json tsconfig.json tsconfig.build.json bin src proto jobs templates'.split(' ');
    for (const part of parts) await cp(join(root, part), join(checkout, part), { recursive: true });
    await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
    await run('npm', ['pack', '--pack-destination', folder], { cwd: checkout });

    const installed = join(folder, 'node_modules', 'manyhands');
    await mkdir(installed, { recursive: true });
    const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
    await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
    // A folder with the packages in it, as npm makes it: the sandbox may read these, no more.
    const packages = join(installed, 'node_modules');
    await mkdir(packages);
    for (const name of await readdir(join(root, 'node_modules'))) {
      await symlink(join(root, 'node_modules', name), join(packages, name));
    }
    bin = join(installed, 'bin', 'manyhands.js');
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('runs from node_modules, where Node strips no types', async () => {
    const { stdout } = await run(process.execPath, [bin, '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('has what a job needs to be made and tested', async () => {
    const job = join(tempDir(), 'my-job');
    await run(process.execPath, [bin, 'init', job]);
    const args = [bin, 'test', job, 'samples=3000', 'chunkSamples=1000', '--json'];
    const { stdout } = await run(process.execPath, args);
    expect(JSON.parse(stdout)).toMatchObject({
      chunks: [{ chunk: 0 }, { chunk: 1 }, { chunk: 2 }],
      merged: { kind: 'json', sawAll: true },
    });
  });

  test('ships jobs that run by their name', async () => {
    const { stdout } = await run(process.execPath, [
      bin,
      'test',
      'collatz',
      '--chunks',
      '2',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      job: 'collatz',
      chunks: [{ chunk: 0 }, { chunk: 1 }],
    });
  });
});
