/**
 * A job as its owner asks for it over the control socket, checked as far as the request alone
 * tells. It doesn't come from a stranger, but from whatever speaks to the socket, so each refusal
 * says what to do.
 */

import { basename, isAbsolute } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';
import { digest, type Digest } from '../model/ids.ts';
import type { ChunkLimits, JobSpec, Pieces, Trust } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { ControlHandler } from '../transport/control-server.ts';

type Submit = Parameters<ControlHandler['submit']>[0];

export type JobRequest = Pick<JobSpec, 'name' | 'trust' | 'limits' | 'chunksMax'> & {
  readonly params: unknown;
  readonly inputPath: string | undefined;
  readonly program: ProgramRequest;
};

/** Digests are of blobs that were put before. */
export type ProgramRequest =
  | { readonly runtime: 'javascript'; readonly script: Digest }
  | {
      readonly runtime: 'wasi';
      readonly module: Digest;
      readonly setup: SetupRequest;
      readonly steps: StepsRequest;
    };

type StepsRequest =
  | { readonly type: 'script'; readonly script: Digest }
  | {
      readonly type: 'pieces';
      readonly pieces: Pieces;
      /** Of files, in the order of their names. */
      readonly paths: readonly string[];
    };

/** Its paths and texts are checked by those who read the `Setup` that is made of it. */
export type SetupRequest = {
  readonly arguments: readonly string[];
  readonly environment: readonly string[];
  readonly files: readonly { readonly path: string; readonly blob: Digest }[];
};

/** @throws {GridError} `usage`, or `invalid-id` for a digest that is none */
export function jobRequest(request: Submit): JobRequest {
  const { name, inputPath, quorum, chunksMax } = request;
  if (name === '' || name.length > limits.nameCharsMax) {
    refuse(`A job's name has 1 to ${limits.nameCharsMax} characters.`);
  }
  if (quorum < 1 || quorum > limits.quorumMax) {
    refuse(`A quorum is from 1 to ${limits.quorumMax} peers.`);
  }
  if (!isWhole(chunksMax, 1, limits.jobChunksMax)) {
    refuse(`A job may have up to ${limits.jobChunksMax} chunks.`);
  }
  if (inputPath !== '') checkAbsolute(inputPath);
  return {
    name,
    params: parseParams(request.paramsJson),
    inputPath: inputPath === '' ? undefined : inputPath,
    program: programRequest(request),
    trust: trustRequest(request),
    limits: limitsRequest(request),
    chunksMax,
  };
}

function trustRequest({ quorum, credibility }: Submit): Trust {
  if (credibility === null) return { quorum };
  const { errorRate, assumeFaulty, identitiesScarce } = credibility;
  if (!(errorRate >= limits.errorRateMin && errorRate <= limits.errorRateMax)) {
    refuse(`An error rate is from ${limits.errorRateMin} to ${limits.errorRateMax}.`);
  }
  if (!(assumeFaulty >= limits.faultyShareMin && assumeFaulty <= limits.faultyShareMax)) {
    const { faultyShareMin, faultyShareMax } = limits;
    refuse(`The share of saboteurs to assume is from ${faultyShareMin} to ${faultyShareMax}.`);
  }
  const identities = identitiesScarce ? 'scarce' : 'free';
  return { quorum, credibility: { errorRate, assumeFaulty, identities } };
}

function limitsRequest(request: Submit): ChunkLimits {
  const { wallMsMax, memoryBytesMax, resultBytesMax, stderrBytesMax } = request;
  if (wallMsMax < 1) refuse('A chunk needs some time: the wall limit is 0.');
  if (!isWhole(memoryBytesMax, 1, Number.MAX_SAFE_INTEGER)) {
    refuse(`A chunk needs some memory, and less than 2^53 bytes: the limit is ${memoryBytesMax}.`);
  }
  if (resultBytesMax < 1 || resultBytesMax > limits.resultBytesMax) {
    refuse(`A result may have up to ${limits.resultBytesMax} bytes.`);
  }
  if (stderrBytesMax > limits.stderrBytesMax) {
    refuse(
      `Of what a chunk writes to stderr up to ${limits.stderrBytesMax} bytes can be kept; this ` +
        `asks for ${stderrBytesMax}.`,
    );
  }
  return { wallMsMax, memoryBytesMax, resultBytesMax, stderrBytesMax };
}

function programRequest(request: Submit): ProgramRequest {
  const { runtime, program, script, setup, pieces } = request;
  if (runtime === 'javascript') {
    if (script !== '' || setup !== null || pieces !== null) {
      refuse(
        'A JavaScript job is one script and nothing else: a second script, a setup and pieces ' +
          'are for WASI programs.',
      );
    }
    return { runtime, script: digest(program) };
  }
  if (runtime !== 'wasi') {
    refuse(`A runtime is "javascript" or "wasi", but this is "${runtime.slice(0, 80)}".`);
  }
  return {
    runtime: 'wasi',
    module: digest(program),
    setup: setupRequest(request),
    steps: stepsRequest(request),
  };
}

function setupRequest({ name, setup }: Submit): SetupRequest {
  const {
    arguments: args,
    environment,
    files,
  } = setup ?? {
    arguments: [],
    environment: [],
    files: [],
  };
  const lists = { arguments: args, 'variables of the environment': environment, files };
  for (const [what, { length }] of Object.entries(lists)) {
    if (length <= limits.setupItemsMax) continue;
    refuse(
      `A WASI program may have ${limits.setupItemsMax} ${what}, but here are ${length}. Give ` +
        'what is more in a data file.',
    );
  }
  return {
    // C's argv[0] is always there.
    arguments: args.length === 0 ? [name] : args,
    environment,
    files: files.map((file) => ({ path: file.path, blob: digest(file.digest) })),
  };
}

function stepsRequest({ script, pieces, inputPath }: Submit): StepsRequest {
  if ((script === '') === (pieces === null)) {
    refuse(
      'A WASI job has either a script with split and merge, or the pieces that it is cut into; ' +
        `this has ${pieces === null ? 'neither' : 'both'}.`,
    );
  }
  if (pieces === null) return { type: 'script', script: digest(script) };
  const request = piecesRequest(pieces);
  const wantsInput = request.type === 'lines' || request.type === 'bytes';
  if (wantsInput !== (inputPath !== '')) {
    refuse(
      wantsInput
        ? `Pieces of ${request.type} are cut from an input file. Name one.`
        : `A job of ${request.type === 'range' ? 'a range' : 'files'} has no input file. Leave ` +
            'it out, or cut it into lines or bytes.',
    );
  }
  return { type: 'pieces', pieces: request, paths: [...(pieces.files?.paths ?? [])] };
}

function piecesRequest(pieces: NonNullable<Submit['pieces']>): Pieces {
  const { lines = 0, bytes = 0, range, files, kind } = pieces;
  switch (kind) {
    case 'lines':
      if (lines < 1) refuse('A chunk needs at least one line.');
      return { type: 'lines', linesPerChunk: lines };
    case 'bytes':
      if (bytes < 1 || bytes > limits.pieceBytesMax) {
        refuse(`A piece has 1 to ${limits.pieceBytesMax} bytes, but ${bytes} are asked for.`);
      }
      return { type: 'bytes', bytesPerChunk: bytes };
    case 'range':
      return rangeRequest(range ?? { from: 0, to: 0, numbersPerChunk: 0 });
    case 'files':
      return { type: 'files', names: fileNames(files?.paths ?? []) };
    default:
      return refuse('Pieces are lines, bytes, a range or files; these are none of them.');
  }
}

function rangeRequest(range: { from: number; to: number; numbersPerChunk: number }): Pieces {
  const { from, to, numbersPerChunk } = range;
  const min = Number.MIN_SAFE_INTEGER;
  if (!isWhole(from, min, to - 1) || !isWhole(to, min, Number.MAX_SAFE_INTEGER)) {
    refuse(
      `A range goes from a whole number up to and without a larger one, both between -2^53 and ` +
        `2^53; this goes from ${from} to ${to}.`,
    );
  }
  if (numbersPerChunk < 1) refuse('A chunk needs at least one number.');
  return { type: 'range', from, to, numbersPerChunk };
}

function fileNames(paths: readonly string[]): string[] {
  if (paths.length === 0 || paths.length > limits.pieceFilesMax) {
    refuse(
      `A job may be made of 1 to ${limits.pieceFilesMax} files, but here are ${paths.length}. ` +
        'Put small files together into one, and cut that into lines or bytes.',
    );
  }
  for (const path of paths) checkAbsolute(path);
  return paths.map((path) => basename(path));
}

function checkAbsolute(path: string): void {
  const shown = path.slice(0, limits.pathCharsMax);
  if (!isAbsolute(path)) {
    refuse(
      `The path of an input is absolute, since the peer may be in another folder: "${shown}".`,
    );
  }
  if (path.includes('\0')) refuse(`The path of an input holds a NUL character: "${shown}".`);
  if (basename(path).length > limits.pathCharsMax) {
    refuse(`A file's name has at most ${limits.pathCharsMax} characters: "${shown}".`);
  }
}

function parseParams(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json);
  } catch (error) {
    throw new GridError('usage', `The parameters are no JSON: ${reasonOf(error)}.`);
  }
}

/** What was a 64-bit number on the wire may be too large to be exact. */
function isWhole(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function refuse(what: string): never {
  throw new GridError('usage', what);
}
