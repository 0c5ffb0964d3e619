/**
 * The program of a job, from the blobs that its owner put to something that runs: what is named is
 * looked for and weighed, a WASI program's setup becomes a blob of its own, and the sandbox says
 * whether it can run before any volunteer hears of it.
 */

import { GridError } from '../model/errors.ts';
import { type Digest, short } from '../model/ids.ts';
import { type ChunkLimits, comparedBy, type ComparedBy, type JobSteps } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { BlobRef, DataFile, ProgramRef, ScriptFunction, Setup } from '../model/program.ts';
import type { LoadableProgram, Sandbox, Store } from '../ports.ts';
import { decodeSetup, encodeSetup } from '../wire/setup-codec.ts';
import { describeRefusal } from './job-failure.ts';
import type { JobInput } from './job-input.ts';
import type { ProgramRequest, SetupRequest } from './job-request.ts';
import { PieceSteps, type ScriptOptions, ScriptSteps, type StepRunner } from './job-steps.ts';
import { loadableProgram, loadableScript, type ReadBlob } from './loadable.ts';

export type JobProgram = {
  readonly ref: ProgramRef;
  readonly steps: JobSteps;
  readonly comparison: ComparedBy;
  /** With `equals` or `verify`, where the results are compared by them. */
  readonly comparer?: LoadableProgram;
  /** Blobs of the data files, if there are any. */
  readonly data?: readonly Digest[];
  /** Carries out the steps, over the parameters and the input of one job. */
  readonly runner: (params: Uint8Array, input: JobInput | undefined) => StepRunner;
};

type Components = { readonly sandbox: Sandbox; readonly store: Store };

/** @throws {GridError} `job-invalid` with what to do about it, `disk-full`, `store-failed` */
export async function prepareProgram(
  request: ProgramRequest,
  chunkLimits: ChunkLimits,
  components: Components,
): Promise<JobProgram> {
  const { sandbox, store } = components;
  const read: ReadBlob = async (blob) => (await store.getBlob(blob)) ?? missing('blob', blob);
  const load = async (program: LoadableProgram): Promise<LoadableProgram> => {
    const failure = await sandbox.load(program, chunkLimits);
    if (failure === undefined) return program;
    throw new GridError('job-invalid', describeRefusal(failure));
  };
  const withScript = async (
    { digest: script }: BlobRef,
    functions: readonly ScriptFunction[],
    encoding: ScriptOptions['encoding'],
  ): Promise<Omit<JobProgram, 'ref' | 'data'>> => {
    const loaded = await load(loadableScript(script, chunkLimits.memoryBytesMax, functions, read));
    const options = { script: loaded, limits: chunkLimits, encoding };
    const exports: readonly string[] = sandbox.exportsOf(loaded.key);
    const comparison = comparedBy.find((name) => exports.includes(name)) ?? 'digest';
    return {
      steps: { type: 'script', script },
      comparison,
      ...(comparison === 'digest' ? {} : { comparer: loaded }),
      runner: (params, input) => new ScriptSteps({ ...options, params, input }, components),
    };
  };
  if (request.runtime === 'javascript') {
    const script = await scriptOf(store, request.script);
    const ref = {
      runtime: 'javascript',
      program: script.digest,
      programBytes: script.bytes,
    } as const;
    return { ref, ...(await withScript(script, ['split', 'compute', 'merge'], 'values')) };
  }
  const { ref, setup } = await wasiProgram(store, request);
  await load(loadableProgram(ref, setup, chunkLimits.memoryBytesMax, read));
  const data = setup.files.length > 0 ? { data: setup.files.map((file) => file.digest) } : {};
  const { steps } = request;
  if (steps.type === 'script') {
    const script = await scriptOf(store, steps.script);
    return { ref, ...data, ...(await withScript(script, ['split', 'merge'], 'bytes')) };
  }
  const { pieces, paths } = steps;
  return {
    ref,
    ...data,
    steps: { type: 'pieces', pieces },
    comparison: 'digest',
    runner: (_params, input) => new PieceSteps({ pieces, paths, input }, components),
  };
}

async function wasiProgram(
  store: Store,
  request: Extract<ProgramRequest, { runtime: 'wasi' }>,
): Promise<{ ref: ProgramRef; setup: Setup }> {
  const module = await kept(store, request.module, 'program', limits.moduleBytesMax);
  const setup = await setupOf(store, request.setup);
  const encoded = encodeSetup(setup);
  const checked = decodeSetup(encoded);
  if (checked.type !== 'message') throw unfit(checked.type === 'rejected' ? checked.reason : '');
  const { digest: program, bytes: programBytes } = module;
  const ref = { digest: await store.putBlob(encoded), bytes: encoded.length };
  return { ref: { runtime: 'wasi', program, programBytes, setup: ref }, setup };
}

async function setupOf(store: Store, request: SetupRequest): Promise<Setup> {
  const files: DataFile[] = [];
  let left: number = limits.dataBytesMax;
  for (const { path, blob } of request.files) {
    const file = await kept(store, blob, `data file ${path}`, left);
    left -= file.bytes;
    files.push({ path, ...file });
  }
  return { arguments: request.arguments, environment: request.environment, files };
}

function scriptOf(store: Store, blob: Digest): Promise<BlobRef> {
  return kept(store, blob, 'script', limits.scriptBytesMax);
}

async function kept(store: Store, blob: Digest, what: string, bytesMax: number): Promise<BlobRef> {
  const bytes = (await store.blobBytes(blob)) ?? missing(what, blob);
  if (bytes > bytesMax) {
    throw new GridError(
      'job-invalid',
      `The ${what} has ${bytes} bytes, and ${bytesMax} is the most` +
        (what.startsWith('data file')
          ? ` that is left for it: all data files of a job have up to ${limits.dataBytesMax}. `
          : '. ') +
        'Every volunteer has to fetch it: leave out what not every chunk needs.',
    );
  }
  if (bytes === 0 && !what.startsWith('data file')) {
    throw new GridError('job-invalid', `The ${what} is empty. Give the whole program.`);
  }
  return { digest: blob, bytes };
}

function missing(what: string, blob: Digest): never {
  throw new GridError(
    'job-invalid',
    `The ${what} is not here: this peer keeps no blob ${short(blob)}. Put it first; what no job ` +
      'names is gone when the peer starts again.',
  );
}

function unfit(reason: string): GridError {
  return new GridError(
    'job-invalid',
    `The program can't be given this: ${reason}. Its arguments, its environment and the names of ` +
      `its data files have up to ${limits.setupBytesMax} bytes together; a variable is ` +
      'NAME=value; a data file has a path from the root of its own, such as data/words.txt.',
  );
}
