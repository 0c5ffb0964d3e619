/** What one chunk may use: the same for `submit`, where volunteers hold it to that, and `test`. */

import type { Command } from 'commander';

import { GridError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { valueOption } from './options.ts';
import { parseBytes, parseDurationMs } from './values.ts';

export type LimitOptions = {
  readonly wallLimit: number;
  readonly memoryLimit: number;
  readonly resultLimit: number;
};

/** A chunk should take seconds; ten times that is time enough on a slow machine. */
const wallMsDefault = 60_000;
/** What a volunteer's small machine has to spare for each of its slots. */
const memoryBytesDefault = 256 * 2 ** 20;

export function addLimitOptions(command: Command): Command {
  return command
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
        limits.resultBytesMax,
        '1MiB',
      ),
    );
}

function parseResultBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes <= limits.resultBytesMax) return bytes;
  throw new GridError('usage', 'Expected at most 1MiB: return less from compute, or split finer.');
}
