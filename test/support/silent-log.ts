/** A log that nobody reads, and one whose lines can be looked at. */

import { Writable } from 'node:stream';

import { createLog, type Logger } from '../../src/runtime/log.ts';
import type { LogLevel } from '../../src/runtime/log-options.ts';

export function silentLog(): Logger {
  return recordingLog().log;
}

export function recordingLog(level: LogLevel = 'debug'): {
  readonly log: Logger;
  readonly lines: readonly string[];
} {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog({ level, stream }), lines };
}
