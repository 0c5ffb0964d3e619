/**
 * What must outlive any loss of power, written down as it is said and looked for afterwards. Of a
 * requester:
 *
 * - a result that its volunteer was told has come is in the journal, as it was signed;
 * - a chunk that was accepted by then is accepted, and is not leased again but to check somebody;
 * - a lease that somebody was given has a number of its own.
 *
 * What goes over the wire counts as said, not what a machine decides: between the two are the
 * journal and its disk. What a volunteer has to keep is in `unsent-watch.ts`.
 */

import { isCounted } from '../../../src/model/counted.ts';
import type { JobId, PeerId } from '../../../src/model/ids.ts';
import type { RequesterMessage, VolunteerMessage } from '../../../src/model/messages.ts';
import type { Lease } from '../../../src/model/replica.ts';
import type { StoredJob } from '../../../src/model/stored-job.ts';
import type { Store } from '../../../src/ports.ts';
import type { Effect, PeerEvent } from '../../../src/protocol/events.ts';
import { readKeptStatement } from '../../../src/wire/statement-codec.ts';
import type { Onlooker, WholePeer } from './whole-peer.ts';

/** What the acknowledgement of a lease will say. */
type Saying = {
  /** Of the result, if it counted: one that nobody waited for is not kept. */
  readonly chunk: number | undefined;
  readonly accepted: Set<number>;
};

export class PromiseWatch implements Onlooker {
  readonly #requester: PeerId;
  #job: JobId | undefined;
  /** By peer and lease: decided, and not said yet. */
  readonly #toBeSaid = new Map<string, Saying>();
  /** Results that volunteers were told have come: peer, lease and chunk. */
  readonly #told = new Set<string>();
  /** Chunks that were accepted when somebody was told something. */
  readonly #accepted = new Set<number>();
  /** Who was given which chunk, by lease. */
  readonly #given = new Map<number, string>();
  /** What does not hold. It is not thrown: what it was thrown into might take it for its own. */
  readonly broken: string[] = [];
  leases = 0;
  spotChecks = 0;

  constructor(requester: PeerId) {
    this.#requester = requester;
  }

  /** Results that their volunteers were told of. */
  get told(): number {
    return this.#told.size;
  }

  watch(job: JobId): void {
    this.#job = job;
  }

  started({ self, running }: WholePeer): void {
    if (self !== this.#requester || this.#job === undefined) return;
    this.#toBeSaid.clear();
    const kept = running.store.getJob(this.#job);
    this.#hold(kept !== undefined, 'the job is gone');
    if (kept !== undefined) this.#lookInto(running.store, kept);
  }

  handled(peer: WholePeer, event: PeerEvent, effects: readonly Effect[]): void {
    if (peer.self !== this.#requester) return;
    const from = event.type === 'volunteer-message' ? event.from : undefined;
    const counted = new Map<number, number>();
    const accepted = new Set<number>();
    for (const effect of effects) {
      if (effect.type === 'keep-statement') {
        for (const { lease, chunk } of effect.counted) counted.set(lease, chunk);
      } else if (effect.type === 'store-results') {
        // Where peers have to be believed first, what is stored is not accepted by that.
        for (const { chunk } of effect.results) {
          if (isAccepted(peer, effect.job, chunk)) accepted.add(chunk);
        }
      } else if (effect.type === 'keep-moves') {
        for (const chunk of effect.accepted) accepted.add(chunk);
        for (const chunk of effect.reopened) this.#reopen(chunk);
      } else if (effect.type === 'send-to-volunteer' && effect.message.type === 'acknowledge') {
        for (const lease of effect.message.leases) {
          this.#toBeSaid.set(`${from} ${lease}`, { chunk: counted.get(lease), accepted });
        }
      } else if (effect.type === 'send-to-volunteer' && effect.message.type === 'leases') {
        const { job, chunks } = effect.message;
        for (const { chunk } of chunks) this.#lease(chunk, isAccepted(peer, job, chunk));
      }
    }
  }

  sent(peer: WholePeer, message: RequesterMessage | VolunteerMessage, to: PeerId): void {
    if (peer.self !== this.#requester) return;
    if (message.type === 'leases') for (const lease of message.chunks) this.#give(to, lease);
    if (message.type !== 'acknowledge') return;
    for (const lease of message.leases) {
      const saying = this.#toBeSaid.get(`${to} ${lease}`);
      if (saying === undefined) continue;
      const { chunk, accepted } = saying;
      if (chunk !== undefined) this.#told.add(`${to} ${lease} ${chunk}`);
      for (const each of accepted) this.#accepted.add(each);
    }
  }

  /** What is said from now on of when it was accepted before means nothing. */
  #reopen(chunk: number): void {
    this.#accepted.delete(chunk);
    for (const { accepted } of this.#toBeSaid.values()) accepted.delete(chunk);
  }

  #hold(holds: boolean, otherwise: string): void {
    if (!holds) this.broken.push(otherwise);
  }

  /** What the machine itself holds for accepted it leases to check somebody, and nothing else. */
  #lease(chunk: number, isCheck: boolean): void {
    this.leases += 1;
    if (isCheck) this.spotChecks += 1;
    else this.#hold(!this.#accepted.has(chunk), `chunk ${chunk} was accepted, and is leased again`);
  }

  #give(to: PeerId, { lease, chunk }: Lease): void {
    const what = `${to} ${chunk}`;
    const before = this.#given.get(lease) ?? what;
    this.#hold(before === what, `lease ${lease} was given before: ${before}, now ${what}`);
    this.#given.set(lease, what);
  }

  #lookInto(store: Store, { job, state, spec }: StoredJob): void {
    const answers = answersIn(store, job);
    const lost = [...this.#told].filter((answer) => !answers.has(answer));
    this.#hold(
      lost.length === 0,
      `${lost.length} results are gone that were acknowledged: ${lost[0]}`,
    );
    if (state !== 'running' && state !== 'merging') return;
    const isEvident = spec.trust.credibility !== undefined;
    const accepted = new Set(isEvident ? believedIn(store, job) : resultsIn(store, job));
    const fallen = [...this.#accepted].filter((chunk) => !accepted.has(chunk));
    this.#hold(
      fallen.length === 0,
      `${fallen.length} accepted chunks are open again: ${fallen[0]}`,
    );
  }
}

function isAccepted({ running }: WholePeer, job: JobId, chunk: number): boolean {
  return running.machine.ownJob(job)?.assembler.has(chunk) === true;
}

/** Peer, lease and chunk of each. */
function answersIn(store: Store, job: JobId): ReadonlySet<string> {
  const answers = new Set<string>();
  for (let after = 0; ;) {
    const some = store.readStatements(job, after);
    if (some.length === 0) return answers;
    for (const { number, signed, counted } of some) {
      after = number;
      const { peer, replicas = [] } = readKeptStatement(signed) ?? {};
      for (const [at, { lease, chunk }] of replicas.entries()) {
        if (isCounted(counted, at)) answers.add(`${peer} ${lease} ${chunk}`);
      }
    }
  }
}

function believedIn(store: Store, job: JobId): readonly number[] {
  const chunks: number[] = [];
  for (let from = 0; ; from = (chunks.at(-1) ?? 0) + 1) {
    const some = store.readAccepted(job, from);
    if (some.length === 0) return chunks;
    chunks.push(...some);
  }
}

function resultsIn(store: Store, job: JobId): readonly number[] {
  const chunks: number[] = [];
  for (let from = 0; ; from = (chunks.at(-1) ?? 0) + 1) {
    const some = store.listDigests(job, from);
    if (some.length === 0) return chunks;
    chunks.push(...some.map(({ chunk }) => chunk));
  }
}
