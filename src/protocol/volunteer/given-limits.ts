/**
 * What a job wants for each of its chunks against what this peer gives one. A job is taken as it
 * is or not at all: with less time or memory than its author counted on, its chunks would fail here
 * and nowhere else. Only stderr is no part of a result, so the smaller of the two simply holds.
 */

import { bytesText, durationText } from '../../model/amounts.ts';
import type { ChunkLimits } from '../../model/job.ts';

/** @returns why this peer can't take the job, for a person; undefined if it can */
export function unmet(wanted: ChunkLimits, given: ChunkLimits): string | undefined {
  const lacking = kinds.filter(({ of }) => of(wanted) > of(given));
  if (lacking.length === 0) return undefined;
  const list = (limits: ChunkLimits): string =>
    lacking.map(({ of, what, text }) => `${text(of(limits))} ${what}`).join(' and ');
  const gives = lacking.map(({ of, text }) => text(of(given))).join(' and ');
  return `needs ${list(wanted)} a chunk; this peer gives ${gives}`;
}

/** What a chunk is allowed here. */
export function allowed(wanted: ChunkLimits, given: ChunkLimits): ChunkLimits {
  return { ...wanted, stderrBytesMax: Math.min(wanted.stderrBytesMax, given.stderrBytesMax) };
}

const kinds = [
  { of: (limits: ChunkLimits) => limits.wallMsMax, what: 'of time', text: durationText },
  { of: (limits: ChunkLimits) => limits.memoryBytesMax, what: 'of memory', text: bytesText },
  { of: (limits: ChunkLimits) => limits.resultBytesMax, what: 'of result', text: bytesText },
];
