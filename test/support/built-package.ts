/**
 * The package without types, and its programs in a few files, built once before the tests and kept
 * until a source changes. A process that strips the types of all its modules, in each of its
 * threads anew, takes two to three times the processor time to start, and tests start a thousand.
 *
 * It lies in node_modules, so that what it imports is found and `npm ci` clears it away. Its name
 * is of what it was built from: tests that run at the same time, before and after an edit, have
 * each their own. What tests import themselves stays the source.
 */

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundle } from './bundled.ts';

const root = join(import.meta.dirname, '../..');
const builds = join(root, 'node_modules/.manyhands-tests');

/** What it is made of; the programs of tests beside it, with what they import. */
const shipped = ['bin', 'jobs', 'proto', 'templates', 'package.json'];
const programs = ['saboteur-process', 'dying-peer-process', 'fake-process'];
const peers = ['dist/cli/main', 'test/support/saboteur-process', 'test/support/dying-peer-process'];
/** What runs inside of the sandbox may read little more than the folder that it is in. */
const inSandbox = [
  'sandbox-process',
  'javascript-worker',
  'wasi-worker',
  'module-worker',
  'step-worker',
];
const others = ['src/**/*.ts', 'test/support/*.ts', 'tsconfig.json', 'package-lock.json'];
const sources = others.concat(
  shipped,
  shipped.map((name) => `${name}/**`),
);

/** Builds that nobody has used for so long are removed; a run of all tests takes minutes. */
const unusedMsMax = 60 * 60 * 1000;

/** For vitest, which runs it before all tests; they are told of it by their environment. */
export default async function setup(): Promise<void> {
  mkdirSync(builds, { recursive: true });
  const folder = join(builds, nameOfSources());
  const isNew = await build(folder);
  process.env['MANYHANDS_BUILT'] = folder;
  // Compiling is half of what is left of starting a peer.
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled');
  if (isNew) await compile(folder);
  utimesSync(folder, new Date(), new Date());
  removeUnused();
}

function nameOfSources(): string {
  const hash = createHash('sha256').update(process.version);
  for (const path of globSync(sources, { cwd: root }).sort()) {
    const file = join(root, path);
    if (statSync(file).isFile()) hash.update(`\n${path}\n`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** @returns whether it was not there yet */
async function build(folder: string): Promise<boolean> {
  if (isThere(folder)) return false;
  const draft = mkdtempSync(join(builds, 'draft-'));
  for (const name of shipped) cpSync(join(root, name), join(draft, name), { recursive: true });
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      // `npm run check` does; here what runs is what counts.
      noCheck: true,
      rootDir: root,
      outDir: draft,
      rewriteRelativeImportExtensions: true,
    },
    include: [join(root, 'src')],
    files: programs.map((name) => join(root, 'test/support', `${name}.ts`)),
  };
  writeFileSync(join(draft, 'tsconfig.json'), JSON.stringify(config));
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', draft], { stdio: 'inherit' });
  // The package has its modules in dist; the programs of tests look for them in src.
  renameSync(join(draft, 'src'), join(draft, 'dist'));
  symlinkSync('dist', join(draft, 'src'));
  await bundle({
    folder: draft,
    home: folder,
    sharing: peers.map((path) => `${path}.js`),
    alone: inSandbox.map((name) => `dist/sandbox/${name}.js`),
  });
  try {
    renameSync(draft, folder);
    return true;
  } catch (error) {
    rmSync(draft, { recursive: true });
    // Another run of the tests was faster.
    if (isThere(folder)) return false;
    throw error;
  }
}

/** A peer that ends in good order leaves behind what was compiled for it. */
async function compile(folder: string): Promise<void> {
  const dataPath = mkdtempSync(join(tmpdir(), 'manyhands-build-'));
  const args = ['join', '--json', '--data', dataPath, '--listen', '127.0.0.1:0', '--slots', '0'];
  const peer = spawn(process.execPath, [join(folder, 'bin/manyhands.js'), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(peer, 'exit');
  await Promise.race([once(peer.stdout, 'data'), exited]);
  peer.kill('SIGTERM');
  await exited;
  rmSync(dataPath, { recursive: true });
}

function isThere(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false }) !== undefined;
}

function removeUnused(): void {
  for (const name of readdirSync(builds)) {
    const folder = join(builds, name);
    const usedMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - usedMs > unusedMsMax) rmSync(folder, { recursive: true, force: true });
  }
}
