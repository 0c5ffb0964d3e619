/**
 * The peer's part in the turns that it takes with a step: input for `split`, which gives chunks;
 * results for `merge`, which gives what comes of them.
 */

import { GridError } from '../model/errors.ts';
import type { MergeOutput, SplitInput } from '../ports.ts';
import { unpack } from '../wire/packed.ts';
import { endsOf, frameSpans, pieceBytes } from './channel.ts';
import type { Said, StepExchange } from './step-exchange.ts';

/**
 * Takes chunks from `split` when somebody pulls, and ends it with the last one.
 * @throws {GridError} `job-failed`, or what reading the input throws
 */
export async function* takeChunks(
  step: StepExchange,
  input: SplitInput | undefined,
): AsyncGenerator<readonly Uint8Array[]> {
  const pieces = input === undefined ? undefined : inPieces(input.pieces);
  try {
    for (;;) {
      const said = await step.next();
      if (said.type === 'input-wanted') {
        const piece = await pieces?.next();
        if (piece === undefined || piece.done === true) step.answer({ type: 'input', ended: true });
        else step.answer({ type: 'input', ended: false }, [piece.value]);
      } else if (said.type === 'chunks') {
        const chunks = unpack({ bytes: said.body, ends: Uint32Array.from(said.ends) });
        if (chunks.length > 0) yield chunks;
        if (said.ended) return;
        step.answer({ type: 'pull' });
      } else throw unexpected('split', said);
    }
  } finally {
    step.end();
    await pieces?.return(undefined);
  }
}

/**
 * Gives `merge` the results that it asks for, and ends it with its output.
 * @throws {GridError} `job-failed`, or what the results throw
 */
export async function giveResults(
  step: StepExchange,
  results: AsyncIterable<readonly Uint8Array[]>,
  outputBytesMax: number,
): Promise<MergeOutput> {
  const frames = inFrames(results);
  try {
    for (;;) {
      const said = await step.next();
      if (said.type === 'results-wanted') {
        const frame = await frames.next();
        const ended = frame.done === true;
        const values = ended ? [] : frame.value;
        step.answer({ type: 'results', ended, ends: endsOf(values) }, values);
      } else if (said.type === 'output') {
        return await outputOf(step, said, outputBytesMax);
      } else throw unexpected('merge', said);
    }
  } finally {
    step.end();
    await frames.return(undefined);
  }
}

async function outputOf(
  step: StepExchange,
  first: Extract<Said, { readonly type: 'output' }>,
  outputBytesMax: number,
): Promise<MergeOutput> {
  const { kind, bytes } = first;
  if (bytes > outputBytesMax) {
    const reason = `it returned ${bytes} bytes, more than the memory that it may have`;
    throw new GridError('job-failed', `The job's merge failed: ${reason}.`);
  }
  const value = new Uint8Array(bytes);
  let filled = 0;
  for (let said: Said = first; ; said = await step.next()) {
    const size = said.body.byteLength;
    const fits = filled + size <= bytes && (size > 0 || bytes === 0);
    if (said.type !== 'output' || !fits) throw unexpected('merge', said);
    value.set(said.body, filled);
    filled += size;
    if (filled === bytes) return { kind, value };
    step.answer({ type: 'pull' });
  }
}

/** Of sizes that fit a frame, whatever the reader gives. */
async function* inPieces(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  for await (const bytes of input) {
    for (let from = 0; from < bytes.byteLength; from += pieceBytes) {
      yield bytes.subarray(from, from + pieceBytes);
    }
  }
}

async function* inFrames(
  pages: AsyncIterable<readonly Uint8Array[]>,
): AsyncGenerator<readonly Uint8Array[], undefined> {
  for await (const page of pages) {
    for (const [from, to] of frameSpans(page.map(({ byteLength }) => byteLength))) {
      yield page.slice(from, to);
    }
  }
}

function unexpected(step: 'split' | 'merge', { type }: Said): GridError {
  const reason = `the sandbox's process said ${type} out of turn`;
  return new GridError('job-failed', `The job's ${step} failed: ${reason}.`);
}
