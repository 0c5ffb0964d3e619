/**
 * What this peer has seen of those that computed for it: one row each, written as they change. One
 * that can't be read is passed over, and its peer is a stranger again.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { peerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Standing } from '../model/standing.ts';

export const STANDINGS_SCHEMA = `
  CREATE TABLE standings (
    peer TEXT PRIMARY KEY,
    passed REAL NOT NULL,
    is_caught INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    why TEXT
  ) STRICT, WITHOUT ROWID;
`;

export class StandingsTable {
  readonly #put: StatementSync;
  readonly #trim: StatementSync;
  readonly #list: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `INSERT INTO standings (peer, passed, is_caught, seen_at_ms, why) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (peer) DO UPDATE SET passed = excluded.passed,
         is_caught = excluded.is_caught, seen_at_ms = excluded.seen_at_ms,
         why = excluded.why`,
    );
    this.#trim = database.prepare(
      `DELETE FROM standings WHERE peer IN (
         SELECT peer FROM standings ORDER BY seen_at_ms DESC
         LIMIT -1 OFFSET ${limits.standingsMax})`,
    );
    // A number that JavaScript can't hold would fail the whole list.
    this.#list = database.prepare(
      `SELECT peer, passed, is_caught, seen_at_ms, why FROM standings
       WHERE seen_at_ms BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}
       ORDER BY seen_at_ms LIMIT ${limits.standingsMax}`,
    );
  }

  /** To be called in a transaction. */
  put(standings: readonly Standing[]): void {
    for (const { peer, passed, isCaught, seenAtMs, why = null } of standings) {
      this.#put.run(peer, passed, isCaught ? 1 : 0, seenAtMs, why);
    }
    this.#trim.run();
  }

  list(): readonly Standing[] {
    return this.#list.all().flatMap((row) => decoded(row) ?? []);
  }
}

/** @returns undefined for a damaged row */
function decoded(row: Readonly<Record<string, unknown>>): Standing | undefined {
  const passed = row['passed'];
  const seenAtMs = row['seen_at_ms'];
  if (typeof passed !== 'number' || !(passed >= 0) || typeof seenAtMs !== 'number')
    return undefined;
  try {
    const isCaught = row['is_caught'] !== 0;
    const { peer, why } = row;
    const because = typeof why === 'string' ? { why } : {};
    return { peer: peerId(String(peer)), passed, isCaught, seenAtMs, ...because };
  } catch {
    return undefined;
  }
}
