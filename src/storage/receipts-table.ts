/**
 * Receipts for this peer's work, as they were signed and as they read: a row each. Their order is
 * that in which they came, since a requester may write any time into its own. A row that can't be
 * read is passed over.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { jobId, peerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { SignedReceipt } from '../model/receipt.ts';

export const RECEIPTS_SCHEMA = `
  CREATE TABLE receipts (
    number INTEGER PRIMARY KEY,
    requester TEXT NOT NULL,
    peer TEXT NOT NULL,
    job TEXT NOT NULL,
    name TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    compute_seconds REAL NOT NULL,
    issued_at_ms INTEGER NOT NULL,
    payload BLOB NOT NULL,
    public_key BLOB NOT NULL,
    signature BLOB NOT NULL,
    UNIQUE (requester, job)
  ) STRICT;
`;

const COLUMNS =
  'requester, peer, job, name, chunks, compute_seconds, issued_at_ms, ' +
  'payload, public_key, signature';

export class ReceiptsTable {
  readonly #put: StatementSync;
  readonly #trim: StatementSync;
  readonly #list: StatementSync;

  constructor(database: DatabaseSync) {
    // What is replaced gets a new number: it came last.
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO receipts (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#trim = database.prepare(
      `DELETE FROM receipts
       WHERE (SELECT count(*) FROM receipts) > ${limits.receiptsMax} AND number = (
         SELECT min(number) FROM receipts GROUP BY requester
         ORDER BY count(*) DESC, min(number) LIMIT 1)`,
    );
    // A number that JavaScript can't hold would fail the whole list.
    this.#list = database.prepare(
      `SELECT ${COLUMNS} FROM receipts
       WHERE issued_at_ms BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}
         AND chunks BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}
       ORDER BY number DESC LIMIT ${limits.receiptsMax}`,
    );
  }

  /** To be called in a transaction. */
  put({ receipt, signed }: SignedReceipt): void {
    const { requester, peer, job, name, chunks, computeSeconds, issuedAtMs } = receipt;
    const { payload, publicKey, signature } = signed;
    const read = [requester, peer, job, name, chunks, computeSeconds, issuedAtMs];
    this.#put.run(...read, payload, publicKey, signature);
    this.#trim.run();
  }

  list(): readonly SignedReceipt[] {
    return this.#list.all().flatMap((row) => decoded(row) ?? []);
  }
}

/** @returns undefined for a damaged row */
function decoded(row: Readonly<Record<string, unknown>>): SignedReceipt | undefined {
  const { name, chunks, payload, signature } = row;
  const computeSeconds = row['compute_seconds'];
  const issuedAtMs = row['issued_at_ms'];
  const publicKey = row['public_key'];
  if (typeof name !== 'string' || typeof chunks !== 'number') return undefined;
  if (typeof computeSeconds !== 'number' || typeof issuedAtMs !== 'number') return undefined;
  if (!(payload instanceof Uint8Array) || !(publicKey instanceof Uint8Array)) return undefined;
  if (!(signature instanceof Uint8Array)) return undefined;
  try {
    const requester = peerId(String(row['requester']));
    const peer = peerId(String(row['peer']));
    const job = jobId(String(row['job']));
    const receipt = { requester, peer, job, name, chunks, computeSeconds, issuedAtMs };
    return { receipt, signed: { payload, publicKey, signature } };
  } catch {
    return undefined;
  }
}
