/** What a WASI program is given beside its chunks: the same for `submit` and `test`. */

import type { Command } from 'commander';

import { GridError } from '../model/errors.ts';
import { eachOption } from './options.ts';

export type ProgramOptions = {
  readonly arg?: readonly string[];
  readonly env?: readonly string[];
  /** FILE or NAME=FILE. */
  readonly data?: readonly string[];
};

export function addProgramOptions(command: Command): Command {
  return command
    .optionsGroup('WASI programs and Python scripts:')
    .addOption(eachOption('--arg <value>', 'an argument for the program'))
    .addOption(eachOption('--env <name=value>', 'a variable of its environment', checkVariable))
    .addOption(
      eachOption(
        '--data <file>',
        'a file that it finds in its root folder; NAME=FILE finds it as NAME',
        // MANYHANDS_DATA is the peer's data folder.
      ).env('MANYHANDS_DATA_FILE'),
    );
}

function checkVariable(text: string): string {
  if (text.indexOf('=') > 0) return text;
  throw new GridError('usage', `Expected NAME=VALUE, but this is "${text.slice(0, 80)}".`);
}
