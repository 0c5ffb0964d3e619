/**
 * One run of the command line: arguments in, exit code out. All trouble ends here and is told in
 * one paragraph; the stack is for those who ask with --verbose.
 */

import { styleText } from 'node:util';

import { type Command, CommanderError } from 'commander';

import { GridError, reasonOf } from '../model/errors.ts';
import type { Io } from './context.ts';
import { exitCodeOf, exitCodeOfSuccess } from './exit-codes.ts';
import { plain } from './format.ts';
import { createProgram } from './program.ts';

/**
 * @param args without the program's own name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCodeOfSuccess;
  } catch (error) {
    // Help and version that were asked for, and already printed.
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodeOfSuccess;
    const trouble = troubleOf(error);
    tell(trouble, { json: isSet(program, 'json'), verbose: isSet(program, 'verbose'), io });
    return exitCodeOf(trouble.code);
  }
}

/** Before the command or behind it; of all commands, only those of the line have options set. */
function isSet(command: Command, name: 'json' | 'verbose'): boolean {
  return (
    command.getOptionValue(name) === true || command.commands.some((each) => isSet(each, name))
  );
}

/** Whatever was thrown, as trouble with a code. */
function troubleOf(error: unknown): GridError {
  if (error instanceof GridError) return error;
  if (error instanceof CommanderError) {
    const message =
      // commander has printed the help by then; its own message is "(outputHelp)".
      error.code === 'commander.help'
        ? 'No command was given.'
        : error.message.replace(/^error: /, '').replace(/\n/, ' ');
    return new GridError('usage', message, { cause: error });
  }
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new GridError('disk-full', `The disk is full: ${error.message}. Make room and retry.`, {
      cause: error,
    });
  }
  return new GridError(
    'internal',
    `This should not have happened: ${reasonOf(error)}. Run it again with --verbose and report ` +
      'what it shows.',
    { cause: error },
  );
}

function tell(
  trouble: GridError,
  { json, verbose, io }: { json: boolean; verbose: boolean; io: Io },
): void {
  if (json) {
    const { code, message } = trouble;
    io.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`);
  } else if (trouble.code === 'interrupted') {
    io.stderr.write(`${plain(trouble.message)}\n`);
  } else {
    const mark = styleText('red', 'error:', { stream: io.stderr });
    io.stderr.write(`${mark} ${plain(trouble.message)}\n`);
  }
  if (verbose) io.stderr.write(`${stackOf(trouble)}\n`);
}

/** The stacks of an error and of what caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}
