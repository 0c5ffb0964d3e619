/**
 * Results that this peer has computed for others and that were not acknowledged: so that they are
 * delivered after a restart. Few are ever here, since most are acknowledged before they would be
 * written. Bounded in number and bytes, the oldest go first. A row that can't be read is passed
 * over: a result that is not what was computed would only bring shame.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { digest, jobId, type JobId, peerId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { type FailureKind, failureKinds } from '../model/replica.ts';
import type { ComputedReplica, Unsent } from '../model/unsent.ts';
import { digestOf } from '../wire/digest.ts';

/** Of a result its value and what was computed; of a failure its kind and what is told of it. */
export const UNSENT_SCHEMA = `
  CREATE TABLE unsent (
    number INTEGER PRIMARY KEY,
    requester TEXT NOT NULL,
    job TEXT NOT NULL,
    lease INTEGER NOT NULL,
    addresses TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    compute_ms REAL NOT NULL,
    digest TEXT,
    value BLOB,
    work TEXT,
    failure TEXT,
    detail TEXT,
    bytes INTEGER NOT NULL,
    kept_at_ms INTEGER NOT NULL,
    UNIQUE (requester, job, lease)
  ) STRICT;
`;

const COLUMNS =
  'requester, job, lease, addresses, chunk, compute_ms, digest, value, work, failure, detail, ' +
  'bytes, kept_at_ms';

export class UnsentTable {
  readonly #put: StatementSync;
  readonly #sizes: StatementSync;
  readonly #trim: StatementSync;
  readonly #drop: StatementSync;
  readonly #forget: StatementSync;
  readonly #list: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO unsent (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#sizes = database.prepare('SELECT count(*) AS count, sum(bytes) AS bytes FROM unsent');
    // All but the newest that fit: the sums run from the newest to the oldest.
    this.#trim = database.prepare(
      `DELETE FROM unsent WHERE number IN (
         SELECT number FROM (
           SELECT number, row_number() OVER newest AS count, sum(bytes) OVER newest AS total
           FROM unsent WINDOW newest AS (ORDER BY number DESC)
         ) WHERE count > ${limits.unsentMax} OR total > ${limits.unsentBytesMax})`,
    );
    this.#drop = database.prepare(
      'DELETE FROM unsent WHERE requester = ? AND job = ? AND lease = ?',
    );
    this.#forget = database.prepare('DELETE FROM unsent WHERE kept_at_ms < ?');
    // A number that JavaScript can't hold would fail the whole list.
    this.#list = database.prepare(
      `SELECT ${COLUMNS} FROM unsent
       WHERE lease BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}
         AND chunk BETWEEN 0 AND ${limits.jobChunksMax - 1}
       ORDER BY number`,
    );
  }

  /** To be called in a transaction. */
  put(results: readonly Unsent[], keptAtMs: number): void {
    for (const { requester, addresses, job, replica } of results) {
      const { lease, chunk, computeMs } = replica;
      const to = [requester, job, lease, addresses.join(' '), chunk, computeMs];
      this.#put.run(...to, ...saidOf(replica), keptAtMs);
    }
    const { count, bytes } = this.#sizes.get() ?? {};
    if (Number(count) <= limits.unsentMax && Number(bytes) <= limits.unsentBytesMax) return;
    this.#trim.run();
  }

  /** To be called in a transaction. */
  drop(requester: PeerId, job: JobId, leases: readonly number[]): void {
    for (const lease of leases) this.#drop.run(requester, job, lease);
  }

  list(sinceMs: number): readonly Unsent[] {
    this.#forget.run(sinceMs);
    return this.#list.all().flatMap((row) => decoded(row) ?? []);
  }
}

/** @returns digest, value, work, failure, detail and bytes */
function saidOf({ outcome, work }: ComputedReplica): (string | Uint8Array | number | null)[] {
  if (outcome.type === 'result') {
    const { digest: said, value } = outcome;
    return [said, value, work ?? null, null, null, value.length];
  }
  const { kind, detail } = outcome.failure;
  return [null, null, null, kind, detail, detail.length];
}

/** @returns undefined for a damaged row */
function decoded(row: Readonly<Record<string, unknown>>): Unsent | undefined {
  const computeMs = row['compute_ms'];
  const { lease, chunk, addresses } = row;
  if (typeof lease !== 'number' || typeof chunk !== 'number') return undefined;
  if (typeof computeMs !== 'number' || typeof addresses !== 'string') return undefined;
  try {
    const said = outcomeOf(row);
    if (said === undefined) return undefined;
    return {
      requester: peerId(String(row['requester'])),
      job: jobId(String(row['job'])),
      addresses: addresses === '' ? [] : addresses.split(' '),
      replica: { lease, chunk, computeMs, ...said },
    };
  } catch {
    return undefined;
  }
}

function outcomeOf(
  row: Readonly<Record<string, unknown>>,
): Pick<ComputedReplica, 'outcome' | 'work'> | undefined {
  const { value, work, failure, detail } = row;
  if (isFailureKind(failure) && typeof detail === 'string') {
    return { outcome: { type: 'failure', failure: { kind: failure, detail } } };
  }
  if (!(value instanceof Uint8Array) || digestOf(value) !== row['digest']) return undefined;
  const outcome = { type: 'result', digest: digestOf(value), value } as const;
  return { outcome, work: digest(String(work)) };
}

function isFailureKind(text: unknown): text is FailureKind {
  return failureKinds.some((kind) => kind === text);
}
