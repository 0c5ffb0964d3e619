/** Where a job is: the file that `submit` and `test` mean by what stands on the command line. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Command } from 'commander';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';

export type JobFile = {
  /** Absolute. */
  readonly path: string;
  /** A script with the job's functions, a WebAssembly module, or a Python script. */
  readonly type: 'script' | 'wasm' | 'python';
  /** For people: the file's name, or its folder's if the file is called job or main. */
  readonly name: string;
};

/** The arguments of `submit` and `test`. */
export function jobArguments(command: Command): Command {
  return command
    .usage('<job> [params...] [options]')
    .argument(
      '[job]',
      "a job's file or folder, a .wasm or .py program, or the name of a shipped job",
    )
    .argument('[params...]', 'parameters as key=value; values are JSON, or else text');
}

/**
 * @param files what --files took, which is all that follows it
 * @throws {GridError} `usage`
 */
export function givenJob(job: string | undefined, files: readonly string[] | undefined): string {
  if (job !== undefined) return job;
  throw new GridError(
    'usage',
    "missing required argument 'job'" +
      (files === undefined
        ? ''
        : ': --files takes all that follows it, so put the program before it, as in ' +
          "prog.wasm --files 'data/*'"),
  );
}

const scriptExtensions = ['.ts', '.mts', '.js', '.mjs'];
/** As `init` makes them. */
const programNames = ['main.wasm', 'main.py'];
const shippedJobs = fileURLToPath(new URL('../../jobs', import.meta.url));

/**
 * @param job a file, a folder with a `job.ts`, `job.js`, `main.wasm`, `main.py` or the `main` of a
 *   package.json, or the name of a job that ships with manyhands
 * @throws {GridError} `unknown-job` or `job-invalid`
 */
export async function findJobFile(job: string): Promise<JobFile> {
  const path = resolve(job);
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) return jobFileAt(path);
    const entry = await entryOfFolder(path);
    if (entry !== undefined) return entry;
  }
  const shipped = shippedNames();
  if (shipped.includes(job)) {
    const entry = await entryOfFolder(join(shippedJobs, job));
    if (entry !== undefined) return entry;
  }
  const found = existsSync(path)
    ? `the folder ${job} holds no job.ts, job.js, main.wasm or main.py, and no package.json with ` +
      'a "main"'
    : `there is no file or folder ${job} here, and no job of this name ships with manyhands`;
  throw new GridError('unknown-job', `No job found: ${found}. Give ${jobsThatThereAre()}.`);
}

function jobFileAt(path: string): JobFile {
  const type = typeOf(path);
  if (type !== undefined) return { path, type, name: nameOf(path) };
  throw new GridError('unknown-job', `${path} is no job. Give ${jobsThatThereAre()}.`);
}

/** By its name alone: a program without split, which has no parameters. */
export function isProgram(job: string): boolean {
  const type = typeOf(job);
  return type === 'wasm' || type === 'python';
}

function typeOf(path: string): JobFile['type'] | undefined {
  const extension = extname(path);
  if (scriptExtensions.includes(extension)) return 'script';
  if (extension === '.wasm') return 'wasm';
  return extension === '.py' ? 'python' : undefined;
}

function jobsThatThereAre(): string {
  return (
    'a .ts or .js file with split, compute and merge, a folder with a job.ts, a .wasm program or ' +
    `a .py script, or one of the jobs that ship with manyhands: ${shippedNames().join(', ')}`
  );
}

async function entryOfFolder(folder: string): Promise<JobFile | undefined> {
  const names = [...scriptExtensions.map((extension) => `job${extension}`), ...programNames];
  const job = names.map((name) => join(folder, name)).find(existsSync);
  if (job !== undefined) return jobFileAt(job);
  const manifestPath = join(folder, 'package.json');
  if (!existsSync(manifestPath)) return undefined;
  const main = mainOf(manifestPath, await readFile(manifestPath, 'utf8'));
  if (main === undefined) return undefined;
  const path = resolve(folder, main);
  if (existsSync(path)) return jobFileAt(path);
  throw new GridError(
    'job-invalid',
    `${manifestPath} names ${main} as its "main", but there is no such file.`,
  );
}

function mainOf(path: string, text: string): string | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw new GridError('job-invalid', `${path} is no valid JSON: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  if (typeof manifest !== 'object' || manifest === null || !('main' in manifest)) return undefined;
  return typeof manifest.main === 'string' ? manifest.main : undefined;
}

function shippedNames(): string[] {
  return readdirSync(shippedJobs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function nameOf(path: string): string {
  const file = basename(path, extname(path));
  const name = file === 'job' || file === 'main' ? basename(dirname(path)) : file;
  return name.slice(0, limits.nameCharsMax);
}
