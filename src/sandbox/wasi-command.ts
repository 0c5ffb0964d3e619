/**
 * Runs a WASI program (preview 1) on one chunk: the chunk on its stdin, the result from its stdout.
 *
 * Each chunk gets an instance of its own and a world of its own: `WasiRun` has the streams, the
 * clock, the dice and the files, none of which know of the real ones. So a result depends on the
 * program, its setup and the chunk alone, and nothing is left for the next chunk to find.
 */

import { reasonOf } from '../model/errors.ts';
import type { Failure } from '../model/replica.ts';
import { MemoryGarbage } from './memory-garbage.ts';
import { failureDetail } from './thrown.ts';
import { WasiData, type WasiDataFile } from './wasi-data.ts';
import { WasiImports } from './wasi-imports.ts';
import { wasiModule } from './wasi-functions.ts';
import { programEnded, type WasiChunk, WasiRun } from './wasi-run.ts';
import { endOf } from './wasi-trap.ts';

export type { WasiChunk } from './wasi-run.ts';

/** What a WASI program is given besides its chunk; the same for all chunks of a job. */
export type WasiCommand = {
  /** As `fitModule` has let it through. */
  readonly module: WebAssembly.Module;
  /** argv, the program's own name first. */
  readonly arguments: readonly string[];
  /** "NAME=value" */
  readonly environment: readonly string[];
  readonly files: readonly WasiDataFile[];
};

/** A program made ready on a thread, for any number of chunks. */
export class WasiProgram {
  readonly #module: WebAssembly.Module;
  readonly #data: WasiData | Failure;
  readonly #imports: WasiImports;
  readonly #importObject: Readonly<Record<string, WasiImports['functions']>>;

  constructor(command: WasiCommand) {
    this.#module = command.module;
    this.#data = dataOf(command.files);
    this.#imports = new WasiImports(command.arguments, command.environment);
    this.#importObject = { [wasiModule]: this.#imports.functions };
  }

  /**
   * Runs the program on a chunk.
   * @returns its stdout if it ended well, or how it failed; never throws
   */
  run(chunk: WasiChunk): Uint8Array | Failure {
    if (!(this.#data instanceof WasiData)) return this.#data;
    const { root, space } = this.#data.rootFor(chunk.memoryBytesMax);
    const run = new WasiRun(chunk, root, space);
    this.#imports.bind(run);
    try {
      this.#start();
    } catch (thrown) {
      if (thrown !== programEnded) run.ended ??= endOf(thrown);
    } finally {
      this.#imports.unbind();
    }
    const memoryBytes = run.memory?.buffer.byteLength ?? 0;
    garbage.add(memoryBytes);
    return outcome(run, memoryBytes, chunk.memoryBytesMax);
  }

  #start(): void {
    const { exports } = new WebAssembly.Instance(this.#module, this.#importObject);
    const { memory, _start: start } = exports;
    if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
      throw new Error('not a WASI command: it exports no "memory" or no "_start" function');
    }
    this.#imports.attach(memory);
    start();
  }
}

/** One for the thread: its programs share its memory. */
const garbage = new MemoryGarbage();

/** Paths that are none, or that clash, fail each chunk: whoever made the job has to mend them. */
function dataOf(files: readonly WasiDataFile[]): WasiData | Failure {
  try {
    return new WasiData(files);
  } catch (error) {
    return { kind: 'threw', detail: failureDetail(reasonOf(error), '') };
  }
}

function outcome(run: WasiRun, memoryBytes: number, memoryBytesMax: number): Uint8Array | Failure {
  const { ended, stderr } = run;
  if (ended === undefined || (ended.type === 'exit' && ended.code === 0)) return run.stdout.bytes;
  const message = ended.type === 'exit' ? `exit code ${ended.code}` : ended.message;
  const kind = ended.type === 'exit' ? 'exited' : ended.kind;
  if ((kind === 'exited' || kind === 'threw') && isFull(memoryBytes, memoryBytesMax)) {
    const full = `its memory was full: it had ${memoryBytes} of ${memoryBytesMax} bytes`;
    return { kind: 'out-of-memory', detail: failureDetail(`${message}; ${full}`, stderr.text) };
  }
  return { kind, detail: failureDetail(message, stderr.text) };
}

/**
 * Whether a program that failed had likely been refused more memory, which nobody tells: allocators
 * grow memory in steps, so the last one that fits ends less than a step below the limit; a step is
 * taken to be at most a sixteenth of it (a guess). A program that is refused one huge piece while
 * most of its memory is free fails by its own words, on stderr.
 */
function isFull(memoryBytes: number, memoryBytesMax: number): boolean {
  return memoryBytes > 0 && memoryBytes >= memoryBytesMax - memoryBytesMax / 16;
}
