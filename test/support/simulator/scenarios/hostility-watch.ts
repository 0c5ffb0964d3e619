/**
 * What becomes of correct peers among hostile ones: whom they have for neighbours and know, what
 * they have to do, whom they part with, and whether they believe what nobody has signed.
 */

import type { PeerId } from '../../../../src/model/ids.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import type { Effect, PeerEvent } from '../../../../src/protocol/events.ts';
import type { PartReason } from '../../../../src/protocol/overlay/overlay.ts';
import type { Conspiracy } from '../hostile/conspiracy.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';

export type ViewShares = {
  /** Share of the neighbours that are hostile. */
  readonly active: number;
  /** Share of the known peers that are hostile, and that were made up. */
  readonly passive: number;
  readonly madeUp: number;
  /** Correct peers from which no way over correct ones leads to most of the others. */
  readonly cutOff: number;
};

/** What is told of its end, for the peers that all this is about. */
type Parted = Record<PartReason, number>;

export class HostilityWatch {
  /** Records in views that nobody has signed. */
  forgedRecords = 0;
  /** Messages that each has handled. */
  readonly messages = new Map<SimulatedPeer, number>();
  /** Correct neighbours that others parted with; all of them were there and well. */
  readonly mistakes: Parted = { dead: 0, unreachable: 0, misbehaved: 0 };
  /** Hostile ones. */
  readonly caught: Parted = { dead: 0, unreachable: 0, misbehaved: 0 };
  readonly #peers = new Map<PeerId, SimulatedPeer>();
  readonly #conspiracy: Conspiracy;
  readonly #genuine = new Set<SignedRecord>();
  readonly #parted = new Map<SimulatedPeer, Parted>();

  constructor(conspiracy: Conspiracy) {
    this.#conspiracy = conspiracy;
  }

  add(peer: SimulatedPeer): void {
    this.#peers.set(peer.self, peer);
  }

  /** Its peer has signed it. */
  noteRecord(record: SignedRecord): void {
    this.#genuine.add(record);
  }

  /** To be called by the simulator's observer for each event. */
  observe(peer: SimulatedPeer, event: PeerEvent, effects: readonly Effect[]): void {
    if (event.type === 'record-signed') this.noteRecord(event.record);
    if (event.type === 'overlay-message') {
      this.messages.set(peer, (this.messages.get(peer) ?? 0) + 1);
    }
    const { dead, unreachable, misbehaved } = peer.peer.failureCounts;
    const before = this.#parted.get(peer) ?? { dead: 0, unreachable: 0, misbehaved: 0 };
    if (dead + unreachable + misbehaved === before.dead + before.unreachable + before.misbehaved) {
      return;
    }
    const because =
      dead > before.dead ? 'dead' : unreachable > before.unreachable ? 'unreachable' : 'misbehaved';
    this.#parted.set(peer, { dead, unreachable, misbehaved });
    for (const other of partedWith(event, effects)) {
      const counts = this.#peers.has(other) ? this.mistakes : this.caught;
      counts[because] += 1;
    }
  }

  /** As it is now. */
  shares(): ViewShares {
    const { members, madeUp } = this.#conspiracy;
    const counts = { neighbours: 0, hostile: 0, known: 0, members: 0, madeUp: 0 };
    for (const { peer } of this.#peers.values()) {
      const { neighbours, known } = peer.status();
      counts.neighbours += neighbours.size;
      counts.known += known.size;
      for (const id of neighbours.keys()) counts.hostile += members.has(id) ? 1 : 0;
      for (const id of known.keys()) {
        counts.members += members.has(id) ? 1 : 0;
        counts.madeUp += madeUp.has(id) ? 1 : 0;
      }
      this.#checkRecords([...neighbours.values(), ...known.values()]);
    }
    return {
      active: counts.hostile / counts.neighbours,
      passive: counts.members / counts.known,
      madeUp: counts.madeUp / counts.known,
      cutOff: this.#peers.size - this.#largestPart(),
    };
  }

  #checkRecords(records: readonly SignedRecord[]): void {
    for (const record of records) this.forgedRecords += this.#genuine.has(record) ? 0 : 1;
  }

  /** Of those who reach each other over correct peers. */
  #largestPart(): number {
    const unseen = new Set(this.#peers.values());
    let largest = 0;
    for (const start of unseen) {
      unseen.delete(start);
      const part = [start];
      for (const { peer } of part) {
        for (const id of peer.neighbours.keys()) {
          const other = this.#peers.get(id);
          if (other !== undefined && unseen.delete(other)) part.push(other);
        }
      }
      largest = Math.max(largest, part.length);
    }
    return largest;
  }
}

function partedWith(event: PeerEvent, effects: readonly Effect[]): PeerId[] {
  if (event.type === 'link-down') return [event.peer];
  return effects.flatMap((effect) => (effect.type === 'hang-up' ? [effect.peer] : []));
}
