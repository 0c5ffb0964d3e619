/**
 * The tables of the database, and how one that an earlier version wrote becomes what this one
 * expects. Never the other way round: what a newer version wrote is left alone.
 */

import type { DatabaseSync } from 'node:sqlite';

import { GridError, reasonOf } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { decodeCanonical, encodeCanonical } from '../wire/canonical-cbor.ts';
import { PEERS_SCHEMA } from './peers-table.ts';
import { RECEIPTS_SCHEMA } from './receipts-table.ts';
import { STANDINGS_SCHEMA } from './standings-table.ts';
import { damaged } from './store-trouble.ts';
import { UNSENT_SCHEMA } from './unsent-table.ts';

/** Rises with every change of the tables below, or of the records in them. */
const SCHEMA_VERSION = 5;

const JOBS_SCHEMA = `
  CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    job TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    record BLOB NOT NULL
  ) STRICT;
`;

/** @throws {GridError} `store-failed` for the store of a newer version */
export function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version === SCHEMA_VERSION) return;
  if (version > SCHEMA_VERSION) {
    throw new GridError(
      'store-failed',
      `The store in ${path} was written by a newer manyhands: its schema is ${version}, and this ` +
        `one knows ${SCHEMA_VERSION}. Update manyhands, or choose another folder with --data.`,
    );
  }
  inTransaction(database, () => {
    if (version === 0) database.exec(JOBS_SCHEMA);
    if (version === 1) nameSteps(database, path);
    if (version > 0) loseRunning(database, path);
    // Version 2 kept no peers, and version 3 neither what was seen of them nor receipts.
    if (version < 3) database.exec(PEERS_SCHEMA);
    if (version < 4) {
      database.exec(STANDINGS_SCHEMA);
      database.exec(RECEIPTS_SCHEMA);
    } else {
      // Nor did version 4 say why somebody was caught.
      database.exec('ALTER TABLE standings ADD COLUMN why TEXT');
    }
    // Nor results that were not acknowledged.
    database.exec(UNSENT_SCHEMA);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // A full disk has rolled it back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Before version 5 a job ended with its peer: what is kept of one is not enough to go on. */
function loseRunning(database: DatabaseSync, path: string): void {
  const failure = 'The peer that ran this job stopped before it was done; submit it again.';
  changeJobs(database, path, (job) => {
    const isUnderWay = job['state'] === 'running' || job['state'] === 'merging';
    return isUnderWay ? { ...job, state: 'lost', failure } : job;
  });
}

/**
 * From 1 to 2: when every job was a script, no spec said so. Jobs keep their ids, which were the
 * digests of their specs as they were.
 */
function nameSteps(database: DatabaseSync, path: string): void {
  const { stderrBytesMax } = limits;
  changeJobs(database, path, (job) => {
    const spec = fieldsOf(job['spec']);
    return {
      ...job,
      spec: {
        ...spec,
        steps: { type: 'script', script: spec['program'] },
        limits: { ...fieldsOf(spec['limits']), stderrBytesMax },
      },
    };
  });
}

type Fields = Record<string, unknown>;

function changeJobs(
  database: DatabaseSync,
  path: string,
  change: (job: Readonly<Fields>) => Fields,
): void {
  const update = database.prepare('UPDATE jobs SET record = ? WHERE number = ?');
  for (const { number, record } of database.prepare('SELECT number, record FROM jobs').all()) {
    if (typeof number !== 'number' || !(record instanceof Uint8Array)) continue;
    try {
      update.run(encodeCanonical(change(fieldsOf(decodeCanonical(record)))), number);
    } catch (error) {
      throw damaged(path, reasonOf(error), error);
    }
  }
}

/** A copy; of what is no map an empty one, whose reader will name what it lacks. */
function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
