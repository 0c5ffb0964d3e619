/**
 * How the sandbox's process is started: a Node that may read its own code and start threads, and
 * nothing else. No writes, no network, no processes, no native addons, no environment.
 *
 * What it may read are folders of ours and of the packages that they import, found the way Node
 * finds them, so that the list is right in this repository and wherever npm has put an installed
 * copy. Never a whole `node_modules`: what else lies in it is none of a stranger's business.
 *
 * V8's heap is not limited here: the flag for it would overrule the limit of each thread.
 */

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { channelFd } from './channel.ts';

export type ProcessCommand = {
  readonly file: string;
  readonly arguments: readonly string[];
  /** Files of this process that must not be open in the other; they are replaced by nothing. */
  readonly inherited: readonly number[];
};

/** Modules that the process imports and that aren't in its own folder. */
const modules = ['../wire/canonical-cbor', '../wire/digest', '../wire/packed'];
const packages = ['@bjorn3/browser_wasi_shim', 'cborg', 'p-queue', 'piscina', 'ses'];

export function processCommand(): ProcessCommand {
  return {
    file: process.execPath,
    arguments: [
      '--permission',
      '--allow-worker',
      ...readablePaths().map((path) => `--allow-fs-read=${path}`),
      // These get past the permission model: databases are files that are read and written.
      '--no-experimental-sqlite',
      '--no-experimental-ffi',
      // V8 looks up from a loop of WebAssembly only when it considers to compile it better. By
      // default it does so after 13 MB of code, and a loop that fills 64 MiB in each of its rounds
      // could not be ended for minutes; so it takes a second.
      '--wasm-tiering-budget=100000',
      // A signal would open a debugger.
      '--disable-sigusr1',
      // That threads may be started is meant.
      '--disable-warning=SecurityWarning',
      ourPath('./sandbox-process'),
    ],
    inherited: inheritedFds(),
  };
}

/** Files and folders; of a folder all that is in it. */
export function readablePaths(): readonly string[] {
  return [
    dirname(fileURLToPath(import.meta.url)),
    fileURLToPath(new URL('../model', import.meta.url)),
    ...modules.map(ourPath),
    ...packageFolders(),
  ];
}

/** `.ts` in the source tree, `.js` once compiled. */
function ourPath(module: string): string {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`${module}${extension}`, import.meta.url));
}

/** Of the packages, and of those that they depend on. Only what is `optional` is left out. */
function packageFolders(): readonly string[] {
  const folders = new Set<string>();
  const open: [name: string, from: URL][] = packages.map((name) => [
    name,
    new URL(import.meta.url),
  ]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const manifest = findPackageJSON(...next);
    if (manifest === undefined) continue;
    // Node loads modules from where they really are, and finds them by where they seem to be.
    const folder = dirname(manifest);
    if (folders.has(folder)) continue;
    folders.add(folder).add(realpathSync(folder));
    const { dependencies = {} }: { dependencies?: object } = JSON.parse(
      readFileSync(manifest, 'utf8'),
    );
    const from = pathToFileURL(realpathSync(manifest));
    open.push(...Object.keys(dependencies).map((name): [string, URL] => [name, from]));
  }
  return [...folders];
}

const closeOnExec = 0o2000000;
/** Whoever started this peer may have left files open in it: a few, if any. */
const inheritedFdsMax = 1024;

/**
 * Files that this process was started with, beyond the usual three, and that its own processes
 * would be started with in turn. Node marks those that it opens itself.
 */
function inheritedFds(): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((fd) => fd > channelFd && fd < inheritedFdsMax && isInherited(fd));
}

function isInherited(fd: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '0', 8);
    return (flags & closeOnExec) === 0;
  } catch {
    // The one that read the folder.
    return false;
  }
}
