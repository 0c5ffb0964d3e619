/** The peer's log, as JSON for a collector; for a person it is in `pretty-log.ts`. */

import type { Writable } from 'node:stream';

import { pino, type Logger } from 'pino';

import type { LogLevel } from './log-options.ts';

export type { Logger } from 'pino';

export type LogOptions = {
  readonly level: LogLevel;
  readonly stream: Writable;
};

export function createLog({ level, stream }: LogOptions): Logger {
  return pino({ level, base: null }, stream);
}
