/**
 * What a volunteer has to keep of what it computed, if the power fails: a result that was written
 * to its disk, and was not lost with the end of it, is there when it starts again; and what is
 * there is delivered, unless its requester wants it no more.
 */

import type { PeerId } from '../../../src/model/ids.ts';
import type { RequesterMessage, VolunteerMessage } from '../../../src/model/messages.ts';
import type { Effect, PeerEvent } from '../../../src/protocol/events.ts';
import type { Onlooker, WholePeer } from './whole-peer.ts';

type Kept = {
  /** Writes to the disk by the time that it is there; unknown while it is being written. */
  writes: number | undefined;
};

type Volunteer = {
  /** What it has written and not forgotten, by lease. */
  readonly kept: Map<number, Kept>;
  /** Of what it had when it started: not delivered yet. */
  readonly owed: Set<number>;
};

export class UnsentWatch implements Onlooker {
  readonly #volunteers = new Map<PeerId, Volunteer>();
  /** What does not hold, as in `promise-watch.ts`. */
  readonly broken: string[] = [];
  /** Results that a volunteer had when it started again. */
  found = 0;

  /** Results that somebody had when it started, and has not delivered yet. */
  get owed(): number {
    return [...this.#volunteers.values()].reduce((sum, { owed }) => sum + owed.size, 0);
  }

  started(peer: WholePeer): void {
    const { kept, owed } = this.#volunteer(peer);
    const found = new Set(peer.running.store.listUnsent(0).map(({ replica }) => replica.lease));
    for (const [lease, { writes = Infinity }] of kept) {
      if (writes > peer.disk.writes) kept.delete(lease);
      else if (!found.has(lease)) {
        this.broken.push(`#${peer.options.place.number} has lost what it kept of lease ${lease}`);
      }
    }
    this.found += found.size;
    for (const lease of found) owed.add(lease);
  }

  handled(peer: WholePeer, event: PeerEvent, effects: readonly Effect[]): void {
    const { kept } = this.#volunteer(peer);
    this.#written(peer);
    for (const effect of effects) {
      if (effect.type === 'keep-unsent') {
        for (const { replica } of effect.results) kept.set(replica.lease, { writes: undefined });
      } else if (effect.type === 'drop-unsent') {
        for (const lease of effect.leases) kept.delete(lease);
      }
    }
    if (event.type === 'requester-message') this.#heard(peer, event.message);
  }

  sent(peer: WholePeer, message: RequesterMessage | VolunteerMessage): void {
    if (message.type !== 'results') return;
    const { owed } = this.#volunteer(peer);
    for (const { lease } of message.frame.replicas) owed.delete(lease);
  }

  /** What was decided before the present event is on the disk by now. */
  #written(peer: WholePeer): void {
    for (const each of this.#volunteer(peer).kept.values()) each.writes ??= peer.disk.writes;
  }

  #heard(peer: WholePeer, message: RequesterMessage): void {
    const { owed } = this.#volunteer(peer);
    if (message.type === 'job-ended') owed.clear();
    if (message.type === 'revoke') for (const lease of message.leases) owed.delete(lease);
  }

  #volunteer({ self }: WholePeer): Volunteer {
    const volunteer = this.#volunteers.get(self) ?? { kept: new Map(), owed: new Set() };
    this.#volunteers.set(self, volunteer);
    return volunteer;
  }
}
