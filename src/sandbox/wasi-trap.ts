/** Why a program was stopped in its tracks, in plain words: never a stack, never a path. */

import { reasonOf } from '../model/errors.ts';
import type { WasiEnd } from './wasi-run.ts';

/**
 * @param thrown what came out of the program's code or, with `call`, of a WASI function
 */
export function endOf(thrown: unknown, call?: string): WasiEnd {
  const reason = reasonOf(thrown);
  // V8's words, which it has had for years; with others these would be `threw` all the same.
  if (reason === 'Maximum call stack size exceeded') {
    return { type: 'failure', kind: 'threw', message: 'stack overflow' };
  }
  if (thrown instanceof RangeError && /out of memory|allocation failed/i.test(reason)) {
    return { type: 'failure', kind: 'out-of-memory', message: 'no memory was left for it' };
  }
  return { type: 'failure', kind: 'threw', message: inWords(thrown, reason, call) };
}

function inWords(thrown: unknown, reason: string, call: string | undefined): string {
  if (call === undefined) return reason;
  const outside = thrown instanceof RangeError;
  return `${call}: ${outside ? 'was given an address outside of its memory' : reason}`;
}
