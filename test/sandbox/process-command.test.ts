import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { processCommand, readablePaths } from '../../src/sandbox/process-command.ts';
import { tempDir } from '../support/temp-dir.ts';

// Not the one of the built package, which tests start else.
vi.unmock('../../src/sandbox/process-command.ts');

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Started in place of the process's main module, with the same rights. */
const probe = `
  import fs from 'node:fs';
  import { connect, createServer } from 'node:net';
  import { spawnSync } from 'node:child_process';
  import { createSocket } from 'node:dgram';
  import inspector from 'node:inspector';

  const attempts = {
    list: (path) => fs.readdirSync(path).length > 0,
    read: (path) => fs.readFileSync(path).byteLength > 0,
    see: (path) => fs.statSync(path).size >= 0,
    write: (path) => fs.writeFileSync(path, ''),
    remove: (path) => fs.rmSync(path),
    link: (path) => fs.symlinkSync('/', path),
    run: (path) => { const { error } = spawnSync(path); if (error) throw error; },
    load: (path) => process.dlopen({ exports: {} }, path),
    inspect: () => inspector.open(0),
    connect: async () => new Promise((resolve, reject) =>
      connect(9, '127.0.0.1').on('connect', resolve).on('error', reject)),
    control: async (path) => new Promise((resolve, reject) =>
      connect(path).on('connect', resolve).on('error', reject)),
    listen: async () => new Promise((resolve, reject) => {
      process.once('uncaughtException', reject);
      createServer().on('error', reject).listen(0, '127.0.0.1', resolve);
    }),
    send: async () => new Promise((resolve, reject) => {
      process.once('uncaughtException', reject);
      createSocket('udp4').on('error', reject).send('x', 9, '127.0.0.1', resolve);
    }),
    environment: () => {
      if (Object.keys(process.env).length === 0) throw new Error('nothing');
    },
  };
  const tries = JSON.parse(process.argv[2]);
  const results = [];
  for (const [what, argument] of tries) {
    try {
      await attempts[what](argument);
      results.push('done');
    } catch (error) {
      results.push(error.code ?? error.message);
    }
  }
  console.log(JSON.stringify(results));
  process.exit();
`;

/** What comes of each attempt: "done", or the code of its error. */
async function tried(attempts: readonly (readonly string[])[]): Promise<unknown> {
  const file = join(tempDir(), 'probe.mjs');
  writeFileSync(file, probe);
  const command = processCommand();
  const flags = command.arguments.slice(0, -1);
  const { stdout } = await run(command.file, [...flags, file, JSON.stringify(attempts)], {
    env: {},
    cwd: '/',
  });
  return JSON.parse(stdout);
}

/** One like a peer's, that whoever may open sockets could speak to. */
async function controlSocket(folder: string): Promise<string> {
  const path = join(folder, 'control.sock');
  const server = createServer((socket) => socket.end()).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return path;
}

const denied = 'ERR_ACCESS_DENIED';

describe("the sandbox's process", () => {
  test('may read what it loads', async () => {
    const attempts = readablePaths().map((path) => [
      statSync(path).isDirectory() ? 'list' : 'read',
      path,
    ]);
    expect(await tried(attempts)).toEqual(attempts.map(() => 'done'));
  });

  test('may read nothing that lies beside it', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'secret'), 'x');
    mkdirSync(join(folder, 'peer'));
    const beside = readablePaths().flatMap((path) => [dirname(path), `${path}-other`]);
    const attempts = [
      ...beside.map((path) => ['see', path]),
      ['list', '/'],
      ['list', root],
      ['list', join(root, 'node_modules')],
      ['list', join(root, 'src/runtime')],
      ['read', join(root, 'src/ports.ts')],
      ['read', join(root, 'src/wire/keys.ts')],
      ['read', join(root, 'node_modules/commander/package.json')],
      ['read', join(root, 'src/sandbox/../../package.json')],
      ['read', '/etc/passwd'],
      ['read', '/proc/self/environ'],
      ['read', `/proc/${process.pid}/environ`],
      ['list', '/proc/self/fd'],
      ['read', join(folder, 'secret')],
      ['list', join(folder, 'peer')],
    ];
    expect(await tried(attempts)).toEqual(attempts.map(() => denied));
  });

  test('may not write, link, remove, start, load or connect anything', async () => {
    const folder = tempDir();
    const attempts = [
      ['write', join(folder, 'new')],
      ['write', join(root, 'src/sandbox/new.ts')],
      ['remove', join(root, 'src/sandbox/shapes.ts')],
      ['link', join(folder, 'link')],
      ['run', process.execPath],
      ['load', join(root, 'node_modules/x.node')],
      ['inspect'],
      ['connect'],
      ['control', await controlSocket(folder)],
      ['listen'],
      ['send'],
    ];
    const addons = 'ERR_DLOPEN_DISABLED';
    const denials = attempts.map(([what]) => (what === 'load' ? addons : denied));
    expect(await tried(attempts)).toEqual(denials);
  });

  test('has no environment', async () => {
    expect(await tried([['environment']])).toEqual(['nothing']);
  });
});
