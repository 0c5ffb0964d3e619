/** What one result led to at a table that believes on evidence: it may move many chunks at once. */

import type { JobFailure, WrongResult } from '../../model/job.ts';
import type { AcceptedResult } from '../events.ts';
import type { RevokedLease, Settlement } from './job-table.ts';
import type { OpenChunk, Replica } from './open-chunk.ts';

export class Moves {
  readonly #stored: AcceptedResult[] = [];
  readonly #accepted = new Set<number>();
  readonly #reopened = new Set<number>();
  readonly #revoked: RevokedLease[] = [];
  readonly #caught: WrongResult[] = [];
  #failure: JobFailure | undefined;

  get settlement(): Settlement {
    if (this.#failure !== undefined) return { type: 'job-failed', failure: this.#failure };
    return {
      type: 'moved',
      stored: this.#stored,
      accepted: [...this.#accepted],
      reopened: [...this.#reopened],
      revoked: this.#revoked,
      caught: this.#caught,
    };
  }

  store(result: AcceptedResult): void {
    this.#stored.push(result);
  }

  /** A value is kept before it is believed: what is believed later may come without one. */
  keep(open: OpenChunk, { digest, value }: Pick<AcceptedResult, 'digest' | 'value'>): void {
    if (open.stored === digest) return;
    open.stored = digest;
    this.store({ chunk: open.chunk, digest, value });
  }

  accept(chunk: number, revoked: readonly Replica[]): void {
    if (!this.#reopened.delete(chunk)) this.#accepted.add(chunk);
    for (const replica of revoked) this.revoke(replica);
  }

  /** It was accepted before, perhaps by the same result. */
  reopen(chunk: number): void {
    if (!this.#accepted.delete(chunk)) this.#reopened.add(chunk);
  }

  revoke({ peer, lease }: Replica): void {
    this.#revoked.push({ peer, lease });
  }

  catch(wrong: WrongResult): void {
    this.#caught.push(wrong);
  }

  fail(failure: JobFailure): void {
    this.#failure ??= failure;
  }
}
