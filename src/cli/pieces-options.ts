/**
 * How a job without a `split` of its own is cut: by lines, by numbers, by bytes or by files. The
 * same for `submit` and `test`.
 */

import type { Command } from 'commander';

import { GridError } from '../model/errors.ts';
import type { Pieces } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import { plural } from './format.ts';
import { readableFile } from './input-file.ts';
import { listedFiles } from './listed-files.ts';
import { option, valueOption } from './options.ts';
import { type NumberRange, parseBytes, parseCount, parseRange } from './values.ts';

export type PiecesOptions = {
  readonly lines?: string;
  readonly range?: NumberRange;
  readonly bytes?: number;
  readonly files?: readonly string[];
  readonly perChunk?: number;
  readonly input?: string;
};

/** What becomes chunks. */
export type Work = {
  /** Absent where the job has a `split`. */
  readonly pieces?: Pieces;
  /** Of `split`, of lines and of bytes: absolute path of a file, or "-" for stdin. */
  readonly input?: string;
  /** Absolute paths of the files that are the pieces. */
  readonly paths?: readonly string[];
};

/** A line or a number has at least one byte. */
const perChunkMax = limits.pieceBytesMax;

export function addPiecesOptions(command: Command): Command {
  return command
    .optionsGroup('What becomes chunks; "-" is stdin:')
    .addOption(option('--input <file>', 'file for split, or for --bytes'))
    .addOption(option('--lines <file>', 'each line of a file'))
    .addOption(valueOption('--range <a..b>', 'each number from a up to and without b', parseRange))
    .addOption(valueOption('--bytes <size>', 'pieces of the input, as large', parsePieceBytes))
    .addOption(option('--files <patterns...>', "each of some files, such as 'data/*.txt'"))
    .addOption(
      valueOption(
        '--per-chunk <n>',
        'lines or numbers in a chunk (default: 1)',
        parseCount(1, perChunkMax),
      ),
    );
}

function parsePieceBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes <= limits.pieceBytesMax) return bytes;
  throw new GridError('usage', 'Expected at most 1MiB, which is what a chunk may hold.');
}

/**
 * @param job as it was given; @param hasSplit it cuts its work itself
 * @throws {GridError} `usage` or `input-unreadable`
 */
export async function workOf(
  job: string,
  hasSplit: boolean,
  params: readonly string[],
  options: PiecesOptions,
): Promise<Work> {
  const given = givenFlags(options);
  if (hasSplit) {
    if (given.length > 0) {
      throw new GridError(
        'usage',
        `${given.join(', ')}: ${job} has a split of its own, which makes the chunks. Give it ` +
          'parameters, as in n=1000, and a file with --input.',
      );
    }
    return options.input === undefined ? {} : { input: await inputFile(options.input, '--input') };
  }
  if (params.length > 0) {
    throw new GridError(
      'usage',
      `"${params[0]}": parameters are for a job's split, and ${job} is a program without one. ` +
        'Give arguments to the program with --arg VALUE, and files with --lines, --bytes or ' +
        '--files.',
    );
  }
  checkOneWay(job, options);
  return piecesOf(options);
}

function givenFlags({ lines, range, bytes, files, perChunk }: PiecesOptions): string[] {
  const flags = { lines, range, bytes, files, 'per-chunk': perChunk };
  return Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : `--${name}`));
}

function checkOneWay(job: string, { perChunk, input, ...ways }: PiecesOptions): void {
  const given = givenFlags(ways);
  const way = given[0];
  if (way === undefined) throw new GridError('usage', howToCut(job));
  if (given.length > 1) {
    throw new GridError('usage', `Give one of ${given.join(' and ')}: each says what a chunk is.`);
  }
  if (perChunk !== undefined && way !== '--lines' && way !== '--range') {
    throw new GridError('usage', `--per-chunk goes with --lines and --range, not with ${way}.`);
  }
  if (input !== undefined && way !== '--bytes') {
    const instead = way === '--lines' ? ': --lines names its file itself, as in --lines FILE' : '';
    throw new GridError('usage', `--input goes with --bytes, not with ${way}${instead}.`);
  }
  if (input === undefined && way === '--bytes') {
    throw new GridError(
      'usage',
      '--bytes cuts the file that --input names: --bytes 1MiB --input FILE, or --input - for ' +
        'stdin.',
    );
  }
}

function howToCut(job: string): string {
  return [
    `${job} is a program: each chunk is its stdin, and the result its stdout. Say what becomes ` +
      'chunks, with one of',
    `  manyhands submit ${job} --lines FILE                 each line; --lines - reads stdin`,
    `  manyhands submit ${job} --range 0..256               each number from 0 to 255`,
    `  manyhands submit ${job} --bytes 1MiB --input FILE    pieces of a file`,
    `  manyhands submit ${job} --files 'data/*'             each file`,
  ].join('\n');
}

async function piecesOf(options: PiecesOptions): Promise<Work> {
  const { lines, range, bytes, files = [], perChunk = 1, input = '-' } = options;
  if (lines !== undefined) {
    const pieces = { type: 'lines', linesPerChunk: perChunk } as const;
    return { pieces, input: await inputFile(lines, '--lines') };
  }
  if (range !== undefined) {
    return { pieces: { type: 'range', ...range, numbersPerChunk: perChunk } };
  }
  if (bytes !== undefined) {
    const pieces = { type: 'bytes', bytesPerChunk: bytes } as const;
    return { pieces, input: await inputFile(input, '--input') };
  }
  const found = await listedFiles(files);
  return {
    pieces: { type: 'files', names: found.map(({ name }) => name) },
    paths: found.map(({ path }) => path),
  };
}

async function inputFile(path: string, flag: string): Promise<string> {
  return path === '-' ? path : readableFile(path, flag);
}

/**
 * Numbers are counted before they are cut, since nobody wants to hear it from the ten millionth.
 * @throws {GridError} `usage`
 */
export function checkChunkCount(pieces: Pieces | undefined, chunksMax: number): void {
  if (pieces?.type !== 'range') return;
  const numbers = pieces.to - pieces.from;
  const chunks = Math.ceil(numbers / pieces.numbersPerChunk);
  if (chunks <= chunksMax) return;
  throw new GridError(
    'usage',
    `${pieces.from}..${pieces.to} makes ${plural(chunks, 'chunk')}, and --max-chunks allows ` +
      `${chunksMax}. Put more numbers into a chunk, with --per-chunk ` +
      `${Math.ceil(numbers / chunksMax)} or more.`,
  );
}
