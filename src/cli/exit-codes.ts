/**
 * What the process says to the script that called it. The numbers are a promise: a new kind of
 * trouble may get a new number, none changes its meaning.
 */

import type { GridErrorCode } from '../model/errors.ts';

const numbers: Record<GridErrorCode, number> = {
  internal: 1,
  usage: 2,
  'invalid-id': 2,
  'job-invalid': 3,
  'job-failed': 4,
  'job-cancelled': 5,
  'unknown-job': 6,
  'input-unreadable': 7,
  'output-unwritable': 7,
  'no-peer-running': 8,
  'peer-already-running': 9,
  'port-taken': 10,
  'peer-unreachable': 10,
  'wrong-grid': 11,
  'wrong-peer': 11,
  'incompatible-peer': 11,
  'grid-file-invalid': 11,
  'identity-invalid': 12,
  'store-failed': 12,
  'disk-full': 13,
  'audit-failed': 14,
  'audit-undecided': 15,
  // As shells count a process that SIGINT ended.
  interrupted: 130,
};

/** In the order of the numbers; for `manyhands exit-codes`. */
export const exitCodes: readonly { readonly number: number; readonly meaning: string }[] = [
  { number: 0, meaning: 'all went well' },
  { number: 1, meaning: 'a defect of manyhands itself' },
  { number: 2, meaning: 'the command line, or a value in it, is wrong' },
  { number: 3, meaning: 'the job is no valid program' },
  { number: 4, meaning: 'the job failed, or its test did' },
  { number: 5, meaning: 'the job was cancelled' },
  { number: 6, meaning: 'there is no such job' },
  { number: 7, meaning: "an input can't be read or an output can't be written" },
  { number: 8, meaning: 'no peer is running here, or it went away' },
  { number: 9, meaning: 'a peer is running here already' },
  { number: 10, meaning: "a port is taken or a peer can't be reached" },
  { number: 11, meaning: 'wrong grid, wrong peer, or a version that does not fit' },
  { number: 12, meaning: "the data folder can't be used: identity or store" },
  { number: 13, meaning: 'the disk is full' },
  { number: 14, meaning: 'an audit found something wrong' },
  { number: 15, meaning: 'an audit could not tell what chunks computed again come out as' },
  { number: 130, meaning: 'Ctrl-C; a job that a running peer holds goes on' },
];

export const exitCodeOfSuccess = 0;

export function exitCodeOf(code: GridErrorCode): number {
  return numbers[code];
}
