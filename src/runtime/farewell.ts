/**
 * `finish`: the peer takes no more of others' work, returns what it holds of it, sees its own jobs
 * through, and only then stops.
 */

import type { LocalEvent } from '../protocol/events.ts';
import type { Peer } from '../protocol/peer.ts';
import type { JobBook } from './job-book.ts';

export class Farewell {
  readonly #peer: Peer;
  readonly #jobs: JobBook;
  readonly #dispatch: (event: LocalEvent) => void;
  readonly #stop: () => Promise<void>;
  #begun = false;

  constructor(
    peer: Peer,
    jobs: JobBook,
    dispatch: (event: LocalEvent) => void,
    stop: () => Promise<void>,
  ) {
    this.#peer = peer;
    this.#jobs = jobs;
    this.#dispatch = dispatch;
    this.#stop = stop;
  }

  /** The machine says when nothing is held; the job book, when no own job runs. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#jobs.refuseNew();
    this.#dispatch({ type: 'finish' });
    void this.#watchJobs();
  }

  check(): void {
    if (!this.#begun || this.#jobs.running.length > 0) return;
    // Not within the machine's own event, nor before the owner got the answer.
    if (this.#peer.status().leasesHeld === 0) setImmediate(() => void this.#stop());
  }

  async #watchJobs(): Promise<void> {
    while (this.#jobs.running.length > 0) await this.#jobs.changes.next();
    this.check();
  }
}
