/**
 * What the machine decides on own jobs, carried out: results and what peers have signed of them go
 * to the journal, leases and acknowledgements to volunteers, and the job hears how far it has come.
 * Whatever says to others that something is so waits until that is written down.
 */

import { reasonOf, unreachable } from '../model/errors.ts';
import type { JobFailure } from '../model/job.ts';
import { type JobId, type PeerId, short } from '../model/ids.ts';
import type { StoredLeases } from '../model/journal.ts';
import { limits } from '../model/limits.ts';
import type { RequesterSend, VolunteerMessage } from '../model/messages.ts';
import type { Lease } from '../model/replica.ts';
import type { KeptStatement } from '../model/stored-result.ts';
import type { Transport } from '../ports.ts';
import type { Effect, PeerEvent } from '../protocol/events.ts';
import type { Peer } from '../protocol/peer.ts';
import type { Accuser } from './accuser.ts';
import type { Journal } from './journal.ts';
import { keptStatement } from './kept-statement.ts';
import type { Logger } from './log.ts';
import type { OwnJob } from './own-job.ts';
import { otherWork } from './result-check.ts';

export type Results = Extract<VolunteerMessage, { type: 'results' }>;
type Leases = Extract<RequesterSend, { type: 'leases' }>;

export type OwnWorkComponents = {
  readonly self: PeerId;
  readonly peer: Pick<Peer, 'ownJob'>;
  readonly transport: Pick<
    Transport,
    'sendToVolunteer' | 'closeVolunteer' | 'signReceipt' | 'signResults'
  >;
  readonly accuser: Pick<Accuser, 'accuse'>;
  readonly journal: Journal;
  readonly log: Logger;
  readonly ownJob: (job: JobId) => OwnJob | undefined;
  readonly dispatch: (event: PeerEvent) => void;
  /** The work reports by events; that it rejects is a bug. */
  readonly background: (work: Promise<void>) => void;
};

type KeepStatement = Extract<Effect, { type: 'keep-statement' }>;

export type OwnWorkEffect = Extract<
  Effect,
  {
    type:
      | 'keep-statement'
      | 'store-results'
      | 'keep-moves'
      | 'keep-standings'
      | 'all-accepted'
      | 'job-failed'
      | 'accuse';
  }
>;

export class OwnWork {
  readonly #components: OwnWorkComponents;

  constructor(components: OwnWorkComponents) {
    this.#components = components;
  }

  carryOut(effect: OwnWorkEffect): void {
    const { journal, ownJob, accuser, background } = this.#components;
    switch (effect.type) {
      case 'keep-standings':
        return journal.keep(effect.standings);
      case 'keep-statement':
        return journal.write({ job: effect.frame.job, statements: this.#statementsOf(effect) });
      case 'store-results':
        journal.write({ job: effect.job, results: effect.results });
        return this.#advance(effect.job);
      case 'keep-moves': {
        const { job, accepted, reopened, caught } = effect;
        return journal.write({ job, accepted, reopened, caught });
      }
      case 'all-accepted':
        this.#advance(effect.job);
        return journal.whenSynced(() => ownJob(effect.job)?.allAccepted());
      case 'accuse':
        // What the accused has signed is read from the store.
        return journal.whenSynced(() => background(accuser.accuse(effect)));
      case 'job-failed':
        return ownJob(effect.job)?.fail(effect.failure);
      default:
        return unreachable(effect);
    }
  }

  sendToVolunteer(to: PeerId, message: RequesterSend): void {
    const { transport, journal, background } = this.#components;
    switch (message.type) {
      case 'leases':
        journal.write({ job: message.job, leases: storedLeases(to, message.chunks) });
        return journal.whenCommitted(() => background(this.#sendLeases(to, message)));
      case 'receipt':
        return journal.whenSynced(() => {
          const receipt = transport.signReceipt(message.receipt);
          transport.sendToVolunteer(to, { type: 'receipt', receipt });
        });
      case 'ping':
      case 'pong':
        return transport.sendToVolunteer(to, message);
      case 'acknowledge':
        return journal.whenKept(message.job, () => transport.sendToVolunteer(to, message));
      case 'revoke':
      case 'job-ended':
        return journal.whenSynced(() => transport.sendToVolunteer(to, message));
      default:
        return unreachable(message);
    }
  }

  /** Of this peer itself, as they are now: one statement for each frame, for digests may change. */
  receiveOwn({ frame: { job, replicas } }: Results): void {
    const { self, transport, background } = this.#components;
    for (let from = 0; from < replicas.length; from += limits.statementReplicasMax) {
      const some = replicas.slice(from, from + limits.statementReplicasMax);
      const [signed] = transport.signResults({ job, replicas: some });
      const frame = { job, replicas: some, ...(signed === undefined ? {} : { signed }) };
      background(this.receive(self, { type: 'results', frame }));
    }
  }

  async receive(from: PeerId, message: Results): Promise<void> {
    const { peer, ownJob, transport, log, dispatch } = this.#components;
    const { frame } = message;
    const own = ownJob(frame.job);
    const table = peer.ownJob(frame.job)?.table;
    if (own !== undefined && table !== undefined) {
      try {
        const chunk = await otherWork(from, frame, table, own.pages);
        if (chunk !== undefined) {
          const text = `${short(from)} has signed a result of chunk ${chunk} for other work`;
          log.warn({ peer: from, job: frame.job, chunk }, `${text} than it was leased`);
          transport.closeVolunteer(from);
          return dispatch({ type: 'volunteer-down', peer: from });
        }
      } catch (error) {
        return own.fail(unreadable(error));
      }
    }
    const replicas = (await own?.comparison?.admit(from, frame.replicas)) ?? frame.replicas;
    const compared = { ...message, frame: { ...frame, replicas } };
    dispatch({ type: 'volunteer-message', from, message: compared });
  }

  /** As far as what is being written goes. */
  #advance(job: JobId): void {
    const { journal, ownJob, peer } = this.#components;
    const readable = peer.ownJob(job)?.readable ?? 0;
    journal.whenSynced(() => ownJob(job)?.advanceTo(readable));
  }

  #statementsOf({ frame, counted }: KeepStatement): readonly KeptStatement[] {
    const { transport, ownJob } = this.#components;
    const { job, replicas, signed } = frame;
    if (signed === undefined) return transport.signResults({ job, replicas: counted });
    // What is compared is not in the order of the statement, and may be less than is in it.
    const isCompared = ownJob(job)?.comparison !== undefined;
    const isWhole = counted.length === replicas.length && !isCompared;
    return [isWhole ? signed : keptStatement(signed, counted)];
  }

  async #sendLeases(to: PeerId, message: Leases): Promise<void> {
    const { self, transport, ownJob, dispatch } = this.#components;
    const own = ownJob(message.job);
    if (own === undefined) return;
    try {
      for await (const chunks of own.pages.withInputs(message.chunks)) {
        const leases = { ...message, chunks };
        if (to === self) dispatch({ type: 'requester-message', from: self, message: leases });
        else transport.sendToVolunteer(to, leases);
      }
    } catch (error) {
      own.fail(unreadable(error));
    }
  }
}

/** Those made together are numbered on, so this is one, as a rule. */
function storedLeases(peer: PeerId, leases: readonly Lease[]): StoredLeases[] {
  const rows: { peer: PeerId; first: number; chunks: number[] }[] = [];
  for (const { lease, chunk } of leases) {
    const last = rows.at(-1);
    if (last !== undefined && last.first + last.chunks.length === lease) last.chunks.push(chunk);
    else rows.push({ peer, first: lease, chunks: [chunk] });
  }
  return rows;
}

function unreadable(error: unknown): JobFailure {
  const reason = `A page of chunk inputs can't be read: ${reasonOf(error)}.`;
  return { type: 'requester-failed', step: 'store', reason };
}
