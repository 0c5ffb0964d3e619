/**
 * Options as commander wants them, all made the same way: each can also be given as an environment
 * variable, and a wrong value is answered with what is accepted.
 */

import { InvalidArgumentError, Option } from 'commander';

import { GridError } from '../model/errors.ts';

/** @param flags such as "--wall-limit <duration>"; its variable is then MANYHANDS_WALL_LIMIT */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  return made.env(`${environmentPrefix}${made.name().replaceAll('-', '_').toUpperCase()}`);
}

const environmentPrefix = 'MANYHANDS_';

/** An option that takes one value. */
export function valueOption(
  flags: string,
  description: string,
  parse: (text: string) => unknown,
): Option {
  return option(flags, description).argParser((text) => accepting(parse, text));
}

/** An option to be given several times, or in the environment once with commas between values. */
export function listOption(
  flags: string,
  description: string,
  parse: (text: string) => unknown,
): Option {
  return option(flags, `${description} (repeatable)`).argParser(
    (text: string, previous: readonly unknown[] | undefined) => [
      ...(previous ?? []),
      ...text.split(',').map((each) => accepting(parse, each.trim())),
    ],
  );
}

/**
 * An option to be given several times, whose values may hold anything, commas too; in the
 * environment it has one value.
 */
export function eachOption(
  flags: string,
  description: string,
  parse: (text: string) => string = (text) => text,
): Option {
  return option(flags, `${description} (repeatable)`).argParser(
    (text: string, previous: readonly string[] | undefined) => [
      ...(previous ?? []),
      accepting(parse, text),
    ],
  );
}

/** Turns a parser's error into one that names the option or argument. */
export function accepting<Value>(parse: (text: string) => Value, text: string): Value {
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof GridError ? new InvalidArgumentError(error.message) : error;
  }
}

/**
 * Removes variables that mean "not set": empty ones, as compose files make them, and for switches
 * (which commander turns on by mere presence) also 0, false, no and off.
 */
export function dropUnsetVariables(options: readonly Option[], env: NodeJS.ProcessEnv): void {
  for (const { envVar, required, optional } of options) {
    if (envVar === undefined) continue;
    const value = env[envVar]?.toLowerCase();
    const isSwitch = !required && !optional;
    if (value === '' || (isSwitch && ['0', 'false', 'no', 'off'].includes(value ?? ''))) {
      delete env[envVar];
    }
  }
}
