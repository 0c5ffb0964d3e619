/**
 * Peers worth trying after a restart, as a table of a few hundred rows that is written anew each
 * time. They are hearsay that a dial will put to the test, so a row that can't be read is passed
 * over: the others do as well, and nobody should lose their jobs over it.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { peerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { KnownPeer } from '../model/peer-record.ts';

/** Addresses are a JSON array of texts. */
export const PEERS_SCHEMA = `
  CREATE TABLE peers (
    number INTEGER PRIMARY KEY,
    peer TEXT NOT NULL UNIQUE,
    addresses TEXT NOT NULL,
    seen_at_ms INTEGER NOT NULL
  ) STRICT;
`;

export class PeersTable {
  readonly #clear: StatementSync;
  readonly #insert: StatementSync;
  readonly #list: StatementSync;

  constructor(database: DatabaseSync) {
    this.#clear = database.prepare('DELETE FROM peers');
    this.#insert = database.prepare(
      'INSERT INTO peers (peer, addresses, seen_at_ms) VALUES (?, ?, ?)',
    );
    // A number that JavaScript can't hold would fail the whole list.
    this.#list = database.prepare(
      `SELECT peer, addresses, seen_at_ms FROM peers
       WHERE seen_at_ms BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}
       ORDER BY seen_at_ms DESC, number LIMIT ${limits.knownPeersMax}`,
    );
  }

  /** To be called in a transaction. */
  replace(peers: readonly KnownPeer[]): void {
    this.#clear.run();
    const lastSeen = peers.toSorted((a, b) => b.seenAtMs - a.seenAtMs);
    for (const { peer, addresses, seenAtMs } of lastSeen.slice(0, limits.knownPeersMax)) {
      this.#insert.run(peer, JSON.stringify(addresses), seenAtMs);
    }
  }

  list(): readonly KnownPeer[] {
    return this.#list.all().flatMap((row) => decoded(row) ?? []);
  }
}

/** @returns undefined for a damaged row */
function decoded(row: Readonly<Record<string, unknown>>): KnownPeer | undefined {
  const seenAtMs = row['seen_at_ms'];
  if (typeof seenAtMs !== 'number') return undefined;
  try {
    const addresses: unknown = JSON.parse(String(row['addresses']));
    if (!Array.isArray(addresses) || !addresses.every((each) => isAddressText(each)))
      return undefined;
    if (addresses.length > limits.peerAddressesMax) return undefined;
    return { peer: peerId(String(row['peer'])), addresses, seenAtMs };
  } catch {
    return undefined;
  }
}

function isAddressText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.addressCharsMax;
}
