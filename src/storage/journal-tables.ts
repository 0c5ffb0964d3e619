/**
 * What a job that runs needs beside its results to go on after a restart: its pages of inputs,
 * which chunks are believed, which leases are out, who was caught. It is forgotten when the job has
 * ended.
 *
 * Leases are a row for each time that a peer was given some, with four bytes for each of them: a
 * row for each lease would cost as much as its result.
 */

import type { DatabaseSync } from 'node:sqlite';

import { digest, peerId } from '../model/ids.ts';
import type { WrongResult } from '../model/job.ts';
import type { JobWrites, StoredLeases, StoredPage } from '../model/journal.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { JobTables } from './job-tables.ts';

const CHUNK_BYTES = 4;
/** Rows of leases handed out at a time: some 4 MB at most. */
const LEASES_READ_MAX = 256;
const ACCEPTED_READ_MAX = 65_536;

const tablesOf = (database: DatabaseSync) =>
  new JobTables(database, {
    kinds: ['pages', 'accepted', 'leases', 'caught'],
    create: (job) => `
      CREATE TABLE IF NOT EXISTS pages_${job} (
        first INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL,
        blob TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS accepted_${job} (chunk INTEGER PRIMARY KEY) STRICT;
      CREATE TABLE IF NOT EXISTS leases_${job} (
        first INTEGER PRIMARY KEY, peer TEXT NOT NULL, chunks BLOB NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS caught_${job} (
        peer TEXT PRIMARY KEY, wrong BLOB NOT NULL
      ) STRICT;
    `,
    prepare: (prepare, job) => ({
      putPage: prepare(
        `INSERT OR REPLACE INTO pages_${job} (first, count, bytes, blob) VALUES (?, ?, ?, ?)`,
      ),
      accept: prepare(`INSERT OR IGNORE INTO accepted_${job} VALUES (?)`),
      reopen: prepare(`DELETE FROM accepted_${job} WHERE chunk = ?`),
      putLeases: prepare(`INSERT OR REPLACE INTO leases_${job} VALUES (?, ?, ?)`),
      putCaught: prepare(`INSERT OR IGNORE INTO caught_${job} VALUES (?, ?)`),
      pages: prepare(`SELECT first, count, bytes, blob FROM pages_${job} ORDER BY first`),
      accepted: prepare(
        `SELECT chunk FROM accepted_${job} WHERE chunk >= ? ORDER BY chunk
         LIMIT ${ACCEPTED_READ_MAX}`,
      ),
      leases: prepare(
        `SELECT first, peer, chunks FROM leases_${job} WHERE first >= ? ORDER BY first
         LIMIT ${LEASES_READ_MAX}`,
      ),
      caught: prepare(`SELECT wrong FROM caught_${job} ORDER BY rowid`),
    }),
  });

export class JournalTables {
  readonly #tables: ReturnType<typeof tablesOf>;

  constructor(database: DatabaseSync) {
    this.#tables = tablesOf(database);
  }

  create(job: number): void {
    this.#tables.create(job);
  }

  /** To be called in a transaction, after `create`. */
  put(job: number, writes: JobWrites): void {
    const table = this.#tables.create(job);
    for (const { first, count, bytes, blob } of writes.pages ?? []) {
      table.putPage.run(first, count, bytes, blob);
    }
    for (const chunk of writes.reopened ?? []) table.reopen.run(chunk);
    for (const chunk of writes.accepted ?? []) table.accept.run(chunk);
    for (const { first, peer, chunks } of writes.leases ?? []) {
      table.putLeases.run(first, peer, encodeChunks(chunks));
    }
    for (const wrong of writes.caught ?? []) {
      table.putCaught.run(wrong.peer, encodeCanonical(wrong));
    }
  }

  /** In the order of their chunks. */
  pages(job: number): readonly StoredPage[] {
    return this.#tables
      .create(job)
      .pages.all()
      .map((row) => ({
        blob: digest(String(row['blob'])),
        first: Number(row['first']),
        count: Number(row['count']),
        bytes: Number(row['bytes']),
      }));
  }

  /** In their order, those from `from` on: some at a time, until none comes. */
  accepted(job: number, from: number): readonly number[] {
    return this.#tables
      .create(job)
      .accepted.all(from)
      .map(({ chunk }) => Number(chunk));
  }

  /** In the order of their numbers, those from `from` on: some at a time, until none comes. */
  leases(job: number, from: number): readonly StoredLeases[] {
    return this.#tables
      .create(job)
      .leases.all(from)
      .map(({ first, peer, chunks }) => ({
        first: Number(first),
        peer: peerId(String(peer)),
        chunks: decodeChunks(chunks),
      }));
  }

  /** The first first. */
  caught(job: number): readonly WrongResult[] {
    return this.#tables
      .create(job)
      .caught.all()
      .map(({ wrong }) => readWrong(wrong));
  }

  drop(job: number): void {
    this.#tables.drop(job);
  }
}

function encodeChunks(chunks: readonly number[]): Buffer {
  const bytes = Buffer.alloc(chunks.length * CHUNK_BYTES);
  for (const [index, chunk] of chunks.entries()) bytes.writeUInt32LE(chunk, index * CHUNK_BYTES);
  return bytes;
}

function decodeChunks(value: unknown): number[] {
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.alloc(0);
  const count = Math.floor(bytes.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, index) => bytes.readUInt32LE(index * CHUNK_BYTES));
}

/** @throws {Error} for a damaged one */
function readWrong(value: unknown): WrongResult {
  const read: unknown = value instanceof Uint8Array ? decodeCanonical(value) : undefined;
  const fields = new Map(typeof read === 'object' && read !== null ? Object.entries(read) : []);
  const [expected, chunk] = [fields.get('expected'), fields.get('chunk')];
  return {
    peer: peerId(String(fields.get('peer'))),
    chunk: typeof chunk === 'number' ? chunk : 0,
    digest: digest(String(fields.get('digest'))),
    ...(typeof expected === 'string' && { expected: digest(expected) }),
  };
}
