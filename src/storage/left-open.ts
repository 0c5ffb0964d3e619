/**
 * Databases that are not closed, since SQLite would copy the log into them, and delete it: what the
 * disk does not have for sure, and the next process has to see. Node closes what is left open when
 * nobody has it any more, and at the natural end of the process. SQLite's switch against that
 * (SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE) is not to be had from Node.
 */

import type { DatabaseSync } from 'node:sqlite';

const leftOpen = new Set<DatabaseSync>();

/** Until the process ends, which leaves the files as they are. */
export function leaveOpen(database: DatabaseSync): void {
  // All is done by then; `exit` takes the code that was set, and closes nothing.
  if (leftOpen.size === 0) process.once('exit', () => process.exit());
  leftOpen.add(database);
}
