/**
 * A job with all its bytes, whatever it was written in: a script of three functions, a script whose
 * chunks a WASI program computes, or a WASI program alone, whose chunks are pieces of its input.
 */

import { realpath, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, relative, resolve, sep } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';
import { bundleJob } from './bundle.ts';
import { type DataPath, dataPathOf, folderGiven } from './data-files.ts';
import { type JobConstants, readJobConstants } from './job-constants.ts';
import { findJobFile } from './job-files.ts';
import type { ProgramOptions } from './program-options.ts';
import { readWasiProgram, type WasiProgram } from './wasi-program.ts';

export type JobSource =
  | { readonly runtime: 'javascript'; readonly name: string; readonly script: Uint8Array }
  | {
      readonly runtime: 'wasi';
      readonly name: string;
      readonly program: WasiProgram;
      /** With `split` and `merge`; without one the job is cut into pieces. */
      readonly script?: Uint8Array;
    };

/**
 * @param job as `findJobFile` takes it
 * @throws {GridError} `unknown-job`, `job-invalid`, `usage` or `input-unreadable`
 */
export async function readJob(job: string, options: ProgramOptions = {}): Promise<JobSource> {
  const { path, type, name } = await findJobFile(job);
  if (type !== 'script') {
    return { runtime: 'wasi', name, program: await readWasiProgram(path, type, extrasOf(options)) };
  }
  const constants = await readJobConstants(path);
  if (constants.runtime === 'javascript') {
    await refuseExtras(options);
    const script = await bundleJob(path, ['split', 'compute', 'merge']);
    return { runtime: 'javascript', name, script };
  }
  const script = await bundleJob(path, ['split', 'merge']);
  return { runtime: 'wasi', name, program: await namedProgram(path, constants, options), script };
}

function extrasOf({ arg = [], env = [], data = [] }: ProgramOptions) {
  return { args: arg, env, data: data.map((text) => dataPathOf(text)) };
}

async function refuseExtras({ arg, env, data }: ProgramOptions): Promise<void> {
  // What a folder was meant to say is plain, whatever the job is.
  for (const each of data ?? []) {
    const found = await stat(each).catch(() => undefined);
    if (found?.isDirectory() === true) throw new GridError('usage', folderGiven(each));
  }
  const given = Object.entries({ arg, env, data }).filter(([, values]) => values !== undefined);
  if (given.length === 0) return;
  throw new GridError(
    'usage',
    `${given.map(([name]) => `--${name}`).join(', ')}: only a WASI program has arguments, an ` +
      'environment and data files, and this job is JavaScript. Give it parameters, as in ' +
      'n=1000, and a file to split with --input.',
  );
}

/** The program that a job file names, with what the file and the command line give to it. */
async function namedProgram(
  jobPath: string,
  { program, args, env, data }: JobConstants & { readonly runtime: 'wasi' },
  options: ProgramOptions,
): Promise<WasiProgram> {
  const folder = dirname(jobPath);
  const path = resolve(folder, program);
  const extension = extname(path);
  if (extension !== '.wasm' && extension !== '.py') {
    throw new GridError(
      'job-invalid',
      `${jobPath} names ${program} as its program, which is neither a .wasm nor a .py file.`,
    );
  }
  const extras = extrasOf(options);
  const named: DataPath[] = data.map((text) => dataPathOf(text, folder));
  await checkInside(jobPath, [path, ...named.map(({ source }) => source)]);
  return readWasiProgram(path, extension === '.wasm' ? 'wasm' : 'python', {
    args: [...args, ...extras.args],
    env: [...env, ...extras.env],
    data: [...named, ...extras.data],
  });
}

/**
 * A job file may come from a stranger, and what it names goes to strangers: nothing but what lies
 * beside it, also where a link leads elsewhere.
 */
async function checkInside(jobPath: string, paths: readonly string[]): Promise<void> {
  const folder = await realpath(dirname(jobPath));
  for (const path of paths) {
    const real = await realpath(path).catch((error: unknown) => {
      throw new GridError(
        'job-invalid',
        `${jobPath} names the file ${path}, which can't be read: ${reasonOf(error)}.`,
        { cause: error },
      );
    });
    const way = relative(folder, real);
    if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) continue;
    throw new GridError(
      'job-invalid',
      `${jobPath} names the file ${real}, which is not in the folder of the job. A job may only ` +
        'name files beside it or in folders below; give others yourself, with --data.',
    );
  }
}
