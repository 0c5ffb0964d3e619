/**
 * Looks at programs before their first use. Each look has a thread of its own: those of the pools
 * may be busy for minutes, and a program may be made to hold whatever looks at it.
 */

import PQueue from 'p-queue';

import { reasonOf } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { ProgramKey } from '../model/program.ts';
import type { Failure } from '../model/replica.ts';
import type { ProgramOf } from '../ports.ts';
import type {
  FromModuleThread,
  FromStepThread,
  ModuleTask,
  StepTask,
  ToStepThread,
} from './messages.ts';
import { OwnThread, ThreadFailure } from './own-thread.ts';
import type { Programs } from './programs.ts';
import type { OnStuckThread } from './thread-end.ts';

/** A program with all its bytes. */
export type LoadedProgram = ProgramOf<Uint8Array>;

/** For evaluating a program's top level once; a chunk's own limit includes it again. */
const checkMsMax = 5_000;
/** CPython, of 26 MB, compiles in a tenth of a second; for slow machines that are busy. */
const compileMsMax = 20_000;
/** The module, and the module as it is rewritten, twice. */
const compileBytesMax = 4 * limits.moduleBytesMax;
/** A check takes a thread and a tenth of a second. */
const checksMax = 2;

export class ProgramLoader {
  readonly #programs: Programs;
  readonly #closing: AbortSignal;
  readonly #onStuck: OnStuckThread;
  /** Programs being looked at: not known to be good yet. */
  readonly #loading = new Map<ProgramKey, Promise<Failure | undefined>>();
  /** Strangers may offer many programs at a time. */
  readonly #checks = new PQueue({ concurrency: checksMax });

  /**
   * @param programs where those go that can run
   * @param closing ends all that goes on
   */
  constructor(programs: Programs, closing: AbortSignal, onStuck: OnStuckThread) {
    this.#programs = programs;
    this.#closing = closing;
    this.#onStuck = onStuck;
  }

  /**
   * Looks at a program that isn't known yet. What it lacks, imports or wants is a failure.
   * @param allowed that this peer allows as well
   */
  async load(program: LoadedProgram, allowed: ChunkLimits): Promise<Failure | undefined> {
    const { key } = program;
    for (;;) {
      const loading = this.#loading.get(key);
      if (loading === undefined) break;
      const failure = await loading;
      if (failure !== undefined) return failure;
    }
    if (this.#isKnown(program)) return undefined;
    const loaded = this.#checks.add(async () => this.#loadNew(program, allowed));
    this.#loading.set(key, loaded);
    try {
      return await loaded;
    } finally {
      this.#loading.delete(key);
    }
  }

  /** Resolves once nothing is being looked at, and no thread is left of it. */
  async idle(): Promise<void> {
    await this.#checks.onIdle();
  }

  #isKnown(program: LoadedProgram): boolean {
    const known = this.#programs.get(program.key);
    if (known === undefined) return false;
    if (program.runtime === 'wasi' || known.runtime === 'wasi') return true;
    return program.functions.every((name) => known.functions.includes(name));
  }

  async #loadNew(program: LoadedProgram, allowed: ChunkLimits): Promise<Failure | undefined> {
    if (this.#closing.aborted) return { kind: 'threw', detail: 'the sandbox was closed' };
    try {
      return program.runtime === 'javascript'
        ? await this.#loadScript(program, allowed)
        : await this.#loadCommand(program, allowed);
    } catch (error) {
      if (error instanceof ThreadFailure) return error.failure;
      return { kind: 'threw', detail: reasonOf(error) };
    }
  }

  /** In a thread of its own: those of the pools may be busy for minutes. */
  async #loadScript(
    { key, source, functions }: LoadedProgram & { readonly runtime: 'javascript' },
    { memoryBytesMax, stderrBytesMax }: ChunkLimits,
  ): Promise<Failure | undefined> {
    const task: StepTask = { step: 'check', source: source.slice(), functions, stderrBytesMax };
    const silence = `evaluating it takes more than ${checkMsMax / 1000} s`;
    const options = { idleMsMax: checkMsMax, silence, memoryBytesMax, onStuck: this.#onStuck };
    const thread = new OwnThread<StepTask, ToStepThread, FromStepThread>(
      'step-worker',
      task,
      options,
      this.#closing,
    );
    try {
      const message = await thread.receive();
      if (message.type !== 'checked') {
        const detail = message.type === 'failed' ? message.reason : 'it can not be looked at';
        return { kind: 'threw', detail };
      }
      this.#programs.put(
        {
          runtime: 'javascript',
          key,
          source: sharedCopyOf(source).buffer,
          functions: message.exports,
        },
        source.byteLength,
      );
      return undefined;
    } finally {
      await thread.close();
    }
  }

  async #loadCommand(
    program: LoadedProgram & { readonly runtime: 'wasi' },
    { memoryBytesMax }: ChunkLimits,
  ): Promise<Failure | undefined> {
    const task: ModuleTask = { module: program.module.slice(), memoryBytesMax };
    const thread = new OwnThread<ModuleTask, never, FromModuleThread>(
      'module-worker',
      task,
      {
        idleMsMax: compileMsMax,
        silence: `compiling it takes more than ${compileMsMax / 1000} s`,
        memoryBytesMax: compileBytesMax,
        onStuck: this.#onStuck,
      },
      this.#closing,
    );
    let compiled: FromModuleThread;
    try {
      compiled = await thread.receive();
    } finally {
      await thread.close();
    }
    if (compiled.type === 'refused') return compiled.failure;
    const { key, arguments: args, environment } = program;
    const files = program.files.map(({ path, bytes }) => ({ path, bytes: sharedCopyOf(bytes) }));
    this.#programs.put(
      { runtime: 'wasi', key, module: compiled.module, arguments: args, environment, files },
      files.reduce((sum, { bytes }) => sum + bytes.byteLength, program.module.byteLength),
    );
    return undefined;
  }
}

function sharedCopyOf(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}
