/** A log that nobody reads, and one whose lines can be looked at. */

import { Writable } from 'node:stream';

import { createLog, type Logger } from '../../src/runtime/log.ts';

export function silentLog(): Logger {
  return recordingLog().log;
}

export function recordingLog(): { readonly log: Logger; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: createLog({ level: 'debug', format: 'json', stream }), lines };
}
