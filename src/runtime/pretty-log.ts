/** The peer's log as lines for a person at a terminal, loaded only for those. */

import { styleText } from 'node:util';

import type { Logger } from 'pino';
import pretty from 'pino-pretty';

import { createLog, type LogOptions } from './log.ts';

export function createPrettyLog({ level, stream }: LogOptions): Logger {
  // styleText knows of terminals, NO_COLOR and the rest.
  const colorize = styleText('red', 'x', { stream }) !== 'x';
  return createLog({
    level,
    stream: pretty({
      colorize,
      destination: stream,
      translateTime: 'SYS:HH:MM:ss',
      singleLine: true,
    }),
  });
}
