/**
 * The two orderly ways to stop. `finish`: the peer takes no more of others' work, returns what it
 * holds of it, sees its own jobs through, and only then stops, however long that takes. `leave`,
 * which is what SIGTERM and Ctrl-C do: what runs has some seconds, the rest goes back at once, so
 * that nobody waits for a lease to expire.
 */

import { setTimeout as wait } from 'node:timers/promises';

import type { LocalEvent } from '../protocol/events.ts';
import type { PeerStatus } from '../protocol/peer.ts';

/**
 * For chunks that run when the peer is to leave: less than the 10 s after which `docker stop` kills
 * what has not ended, and the 90 s of systemd. A guess.
 */
export const LEAVE_GRACE_MS = 5_000;
/** For the sandbox to stop what runs after that, and requesters to acknowledge the last results. */
const DELIVERY_MS_MAX = 2_000;

/** What it asks of the machine and of the job book. */
type LeavingPeer = { status(): Pick<PeerStatus, 'isDrained'> };
type LeavingJobs = {
  readonly running: readonly unknown[];
  readonly changes: { next(): Promise<unknown> };
  refuseNew(): void;
};

export class Farewell {
  readonly #peer: LeavingPeer;
  readonly #jobs: LeavingJobs;
  readonly #dispatch: (event: LocalEvent) => void;
  readonly #stop: () => Promise<void>;
  #state: 'here' | 'finishing' | 'leaving' = 'here';
  readonly #left = Promise.withResolvers<void>();

  constructor(
    peer: LeavingPeer,
    jobs: LeavingJobs,
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
    if (this.#state !== 'here') return;
    this.#state = 'finishing';
    this.#jobs.refuseNew();
    this.#dispatch({ type: 'finish' });
    void this.#watchJobs();
  }

  /** Also while it is finishing, which then ends sooner. @returns when it has stopped */
  async leave(): Promise<void> {
    if (this.#state !== 'leaving') {
      this.#state = 'leaving';
      this.#jobs.refuseNew();
      this.#dispatch({ type: 'leave', graceMs: LEAVE_GRACE_MS });
      this.check();
      const atMost = wait(LEAVE_GRACE_MS + DELIVERY_MS_MAX, undefined, { ref: false });
      void atMost.then(this.#left.resolve);
    }
    await this.#left.promise;
    await this.#stop();
  }

  check(): void {
    if (this.#state === 'here' || !this.#peer.status().isDrained) return;
    if (this.#state === 'leaving') return this.#left.resolve();
    if (this.#jobs.running.length > 0) return;
    // Not within the machine's own event, nor before the owner got the answer.
    setImmediate(() => void this.#stop());
  }

  async #watchJobs(): Promise<void> {
    while (this.#jobs.running.length > 0) await this.#jobs.changes.next();
    this.check();
  }
}
