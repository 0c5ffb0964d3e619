/** What one chunk may use: the same for `submit`, where volunteers hold it to that, and `test`. */

import type { Command } from 'commander';

import { GridError } from '../model/errors.ts';
import type { ChunkLimits } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import { valueOption } from './options.ts';
import { parseBytes, parseDurationMs } from './values.ts';

export type LimitOptions = {
  readonly wallLimit: number;
  readonly memoryLimit: number;
  readonly resultLimit: number;
  readonly stderrLimit: number;
};

/** A chunk should take seconds; ten times that is time enough on a slow machine. */
const wallMsDefault = 60_000;
/** What a volunteer's small machine has to spare for each of its slots. */
export const memoryBytesDefault = 256 * 2 ** 20;

export function addLimitOptions(command: Command): Command {
  return command
    .optionsGroup('What a chunk may use:')
    .addOption(
      valueOption('--wall-limit <duration>', 'time for one chunk', parseDurationMs).default(
        wallMsDefault,
        '1m',
      ),
    )
    .addOption(
      valueOption('--memory-limit <size>', 'memory for one chunk', parseBytes).default(
        memoryBytesDefault,
        '256MiB',
      ),
    )
    .addOption(
      valueOption('--result-limit <size>', 'size of one result', parseResultBytes).default(
        limits.resultBytesDefault,
        '1MiB',
      ),
    )
    .addOption(
      valueOption('--stderr-limit <size>', 'what is kept of its stderr', parseStderrBytes).default(
        limits.stderrBytesMax,
        '64KiB',
      ),
    );
}

export function chunkLimitsOf(options: LimitOptions): ChunkLimits {
  return {
    wallMsMax: options.wallLimit,
    memoryBytesMax: options.memoryLimit,
    resultBytesMax: options.resultLimit,
    stderrBytesMax: options.stderrLimit,
  };
}

/** What a program returns is what people mean; a few bytes of CBOR around it come on top. */
export function parseResultBytes(text: string): number {
  const bytes = parseBytes(text);
  const withHead = bytes + limits.resultHeadBytes;
  if (withHead <= limits.resultBytesMax) return withHead;
  throw new GridError('usage', 'Expected at most 16MiB: return less from a chunk, or split finer.');
}

export function parseStderrBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes <= limits.stderrBytesMax) return bytes;
  throw new GridError('usage', 'Expected at most 64KiB, of which a report shows the end.');
}
