/** The peer's log: lines for a person at a terminal, or JSON for a collector. */

import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

import type { LogFormat, LogLevel } from './log-options.ts';

export type { Logger } from 'pino';

export type LogOptions = {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly stream: Writable;
};

export function createLog({ level, format, stream }: LogOptions): Logger {
  const options = { level, base: null };
  if (format === 'json') return pino(options, stream);
  // styleText knows of terminals, NO_COLOR and the rest.
  const colorize = styleText('red', 'x', { stream }) !== 'x';
  return pino(
    options,
    pretty({ colorize, destination: stream, translateTime: 'SYS:HH:MM:ss', singleLine: true }),
  );
}
