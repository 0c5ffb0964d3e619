/** One run of a WASI program: all that it has besides its module, made anew for each chunk. */

import type { Fd } from '@bjorn3/browser_wasi_shim';

import type { FailureKind } from '../model/replica.ts';
import { WasiClock } from './wasi-clock.ts';
import type { WasiFolder, WasiSpace } from './wasi-files.ts';
import { OpenWasiFolder } from './wasi-open-folder.ts';
import { WasiRandom } from './wasi-random.ts';
import { InputPipe, OutputPipe, TailPipe } from './wasi-streams.ts';

export type WasiChunk = {
  readonly stdin: Uint8Array;
  /** Any string: of job and chunk. Equal seeds give equal random bytes. */
  readonly seed: string;
  readonly resultBytesMax: number;
  readonly stderrBytesMax: number;
  /** Bounds also what the program writes into its in-memory files, beside its memory. */
  readonly memoryBytesMax: number;
};

/** How a program ended other than by falling off its end. */
export type WasiEnd =
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'failure'; readonly kind: FailureKind; readonly message: string };

/** Unwinds the program. Made once: an error of its own for each would record a stack for nobody. */
export const programEnded = new Error('the program has ended');

export class WasiRun {
  readonly clock = new WasiClock();
  readonly random: WasiRandom;
  readonly stdout: OutputPipe;
  readonly stderr: TailPipe;
  /** By number; holes are closed ones. */
  readonly descriptors: Fd[];
  /** Undefined while the module's start function runs: nobody can see its memory yet. */
  memory: WebAssembly.Memory | undefined;
  /** The first end is the one that counts; after it every call ends the program again. */
  ended: WasiEnd | undefined;

  constructor(chunk: WasiChunk, root: WasiFolder, space: WasiSpace) {
    this.random = new WasiRandom(chunk.seed);
    this.stdout = new OutputPipe(chunk.resultBytesMax, () =>
      this.end({
        type: 'failure',
        kind: 'result-too-large',
        message: `wrote more than the ${chunk.resultBytesMax} bytes that this job allows a result`,
      }),
    );
    this.stderr = new TailPipe(chunk.stderrBytesMax);
    this.descriptors = [
      new InputPipe(chunk.stdin),
      this.stdout,
      this.stderr,
      new OpenWasiFolder(root, space, '/'),
    ];
  }

  end(end: WasiEnd): never {
    this.ended ??= end;
    throw programEnded;
  }
}
