/**
 * Splitting and merging for a job of an earlier process, from what is kept of it. Nothing is read
 * before a step begins: most of the jobs that go on are split already.
 */

import { GridError } from '../model/errors.ts';
import type { Digest } from '../model/ids.ts';
import type { JobSpec } from '../model/job.ts';
import type { LoadableProgram, Sandbox, Store, StoredJob, StoredOutput } from '../ports.ts';
import { describeRefusal } from './job-failure.ts';
import { checkUnchanged, JobInput } from './job-input.ts';
import { PieceSteps, ScriptSteps, type StepRunner } from './job-steps.ts';
import { loadableScript } from './loadable.ts';

type Components = { readonly sandbox: Sandbox; readonly store: Store };

export class ResumedSteps implements StepRunner {
  readonly #kept: Pick<StoredJob, 'spec' | 'files' | 'isSplit'>;
  readonly #components: Components;
  #opened: Promise<StepRunner> | undefined;

  constructor(kept: Pick<StoredJob, 'spec' | 'files' | 'isSplit'>, components: Components) {
    this.#kept = kept;
    this.#components = components;
  }

  async *split(signal: AbortSignal): AsyncGenerator<readonly Uint8Array[]> {
    yield* (await this.#open()).split(signal);
  }

  async merge(
    results: () => AsyncIterable<readonly Uint8Array[]>,
    signal: AbortSignal,
  ): Promise<StoredOutput> {
    return (await this.#open()).merge(results, signal);
  }

  async closeInput(): Promise<void> {
    const steps = await this.#opened?.catch(() => undefined);
    await steps?.closeInput();
  }

  #open(): Promise<StepRunner> {
    this.#opened ??= openSteps(this.#kept, this.#components);
    return this.#opened;
  }
}

/** With the job's `equals` or `verify`, if it has one. */
export function keptScript(
  { limits }: JobSpec,
  script: Digest,
  store: Pick<Store, 'getBlob'>,
): LoadableProgram {
  return loadableScript(script, limits.memoryBytesMax, [], async (blob) => {
    const bytes = await store.getBlob(blob);
    if (bytes !== undefined) return bytes;
    throw new GridError('store-failed', `The job's script is gone: there is no blob ${blob}.`);
  });
}

/** @throws {GridError} `input-unreadable`, `job-failed`, `store-failed` */
async function openSteps(
  { spec, files = [], isSplit }: Pick<StoredJob, 'spec' | 'files' | 'isSplit'>,
  components: Components,
): Promise<StepRunner> {
  const { steps, params, limits, runtime } = spec;
  const isOfFiles = steps.type === 'pieces' && steps.pieces.type === 'files';
  if (isSplit !== true) for (const file of files) await checkUnchanged(file);
  const paths = files.map(({ path }) => path);
  const [path] = isOfFiles || isSplit === true ? [] : paths;
  if (steps.type === 'pieces') {
    const input = path === undefined ? undefined : await JobInput.open(path);
    return new PieceSteps({ pieces: steps.pieces, paths, input }, components);
  }
  const script = keptScript(spec, steps.script, components.store);
  const failure = await components.sandbox.load(script, limits);
  if (failure !== undefined) throw new GridError('job-failed', describeRefusal(failure));
  const input = path === undefined ? undefined : await JobInput.open(path);
  const encoding = runtime === 'javascript' ? 'values' : 'bytes';
  return new ScriptSteps({ script, params, limits, encoding, input }, components);
}
