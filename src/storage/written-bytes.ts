/** What writes will take in the database, on the safe side: so that room is made before. */

import type { JobWrites } from '../model/journal.ts';
import { bytesOfReplica, type Unsent } from '../model/unsent.ts';

/** What a row takes beside its values; a guess on the safe side. */
export const ROW_BYTES = 128;
const LEASE_BYTES = 4;
/** Rows are in the log as well until its next checkpoint. */
const WRITTEN_TIMES = 2;

/** @param bytes beside what a row takes */
export function bytesOfRows(rows: number, bytes: number): number {
  return WRITTEN_TIMES * (bytes + rows * ROW_BYTES);
}

export function bytesOfWrites(writes: JobWrites): number {
  const { results = [], statements = [], leases = [], accepted = [] } = writes;
  const rows = results.length + statements.length + leases.length + accepted.length;
  const bytes =
    results.reduce((sum, { value }) => sum + value.length, 0) +
    statements.reduce((sum, { payload }) => sum + payload.length + ROW_BYTES, 0) +
    leases.reduce((sum, { chunks }) => sum + LEASE_BYTES * chunks.length, 0);
  return bytesOfRows(rows, bytes);
}

/** Each has three rows: one with names of three times 64 characters, and two in indexes. */
export function bytesOfUnsent(results: readonly Unsent[]): number {
  const bytes = results.reduce((sum, { replica }) => sum + bytesOfReplica(replica), 0);
  return bytesOfRows(5 * results.length, bytes);
}
