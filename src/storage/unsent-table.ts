/**
 * Results that this peer has computed for others and that were not acknowledged: so that they are
 * delivered after a restart. Few are ever here, since most are acknowledged before they would be
 * written. Bounded in number and bytes: of whoever has the most the oldest go first. A row that
 * can't be read is passed over: a result that is not what was computed would only bring shame.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { digest, jobId, type JobId, peerId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { type FailureKind, failureKinds } from '../model/replica.ts';
import { bytesOfReplica, type ComputedReplica, type Unsent } from '../model/unsent.ts';
import { UnsentShares } from '../model/unsent-shares.ts';
import { digestOf } from '../wire/digest.ts';
import { ROW_BYTES } from './written-bytes.ts';

/**
 * Of a result its value and what was computed; of a failure its kind and what is told of it. The
 * index has all that is needed to see who has how much, which is asked at each write: the table
 * itself would have to be read with its values, up to 128 MiB.
 */
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
  CREATE INDEX unsent_shares ON unsent (requester, number, bytes);
`;

const COLUMNS =
  'requester, job, lease, addresses, chunk, compute_ms, digest, value, work, failure, detail, ' +
  'bytes, kept_at_ms';

/**
 * A clock that says less was not set: this program is newer. Nobody knows how old a row is that it
 * has dated, so none is too old.
 */
export const CLOCK_UNSET_BEFORE_MS = Date.UTC(2026, 0, 1);

export class UnsentTable {
  readonly #put: StatementSync;
  readonly #shares: StatementSync;
  readonly #dropOldest: StatementSync;
  readonly #drop: StatementSync;
  readonly #forget: StatementSync;
  readonly #list: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO unsent (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#shares = database.prepare(
      `SELECT requester, count(*) AS count, sum(bytes) AS bytes FROM unsent GROUP BY requester`,
    );
    this.#dropOldest = database.prepare(
      `DELETE FROM unsent
       WHERE number = (SELECT min(number) FROM unsent WHERE requester = ?) RETURNING bytes`,
    );
    this.#drop = database.prepare(
      'DELETE FROM unsent WHERE requester = ? AND job = ? AND lease = ?',
    );
    this.#forget = database.prepare(
      `DELETE FROM unsent WHERE kept_at_ms >= ${CLOCK_UNSET_BEFORE_MS} AND kept_at_ms < ?`,
    );
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
    const shares = this.#readShares();
    for (let { over } = shares; over !== undefined; { over } = shares) this.#letGo(over, shares);
  }

  /**
   * To be called in a transaction.
   * @param bytes so many are dropped, or all
   * @returns false where there is nothing
   */
  shed(bytes: number): boolean {
    const shares = this.#readShares();
    let freed = 0;
    while (freed < bytes) {
      const most = shares.most('bytes');
      if (most === undefined) break;
      freed += this.#letGo(most, shares) + ROW_BYTES;
    }
    return freed > 0;
  }

  /** To be called in a transaction. */
  drop(requester: PeerId, job: JobId, leases: readonly number[]): void {
    for (const lease of leases) this.#drop.run(requester, job, lease);
  }

  list(sinceMs: number): readonly Unsent[] {
    this.#forget.run(sinceMs);
    return this.#list.all().flatMap((row) => decoded(row) ?? []);
  }

  #readShares(): UnsentShares {
    const shares = new UnsentShares();
    for (const { requester, count, bytes } of this.#shares.all()) {
      shares.add(String(requester), Number(bytes), Number(count));
    }
    return shares;
  }

  /** The oldest result for a requester. @returns its bytes */
  #letGo(requester: string, shares: UnsentShares): number {
    const bytes = Number(this.#dropOldest.get(requester)?.['bytes']);
    shares.remove(requester, bytes);
    return bytes;
  }
}

/** @returns digest, value, work, failure, detail and bytes */
function saidOf(replica: ComputedReplica): (string | Uint8Array | number | null)[] {
  const { outcome, work } = replica;
  const bytes = bytesOfReplica(replica);
  if (outcome.type === 'result') {
    const { digest: said, value } = outcome;
    return [said, value, work ?? null, null, null, bytes];
  }
  const { kind, detail } = outcome.failure;
  return [null, null, null, kind, detail, bytes];
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
