/**
 * Whether the other ends of work streams are still there, for either side. A requester watches the
 * volunteers that hold its leases, a volunteer the requesters that it computes for. Any frame is a
 * sign of life; who has sent none for a while gets a ping, which is answered while chunks compute.
 *
 * There is nobody else to ask here, and being wrong costs some chunks computed twice: so who does
 * not answer is given up without suspicion, may come back, and is then given more time.
 */

import type { PeerId } from '../model/ids.ts';
import type { Awareness } from './awareness.ts';
import { BoundedMap } from './bounded-map.ts';
import { patienceMs } from './patience.ts';

/** Peers remembered because they were given up: as many as may be connected. The oldest goes. */
const GIVEN_UP_MAX = 1024;

export type WatchOptions = {
  /** A peer that was silent for so long gets a ping. */
  readonly idleMs: number;
  /** So long it may take to answer. */
  readonly pongMs: number;
};

type Watched = {
  heardAtMs: number;
  /** When the ping went out that is not answered; Infinity for none. */
  pingedAtMs: number;
  pingId: number;
};

export type Looked = {
  /** To be pinged, and with what. */
  readonly pings: readonly { readonly peer: PeerId; readonly id: number }[];
  /** Given up; they are watched no more. */
  readonly silent: readonly PeerId[];
};

export class WorkWatch {
  readonly #awareness: Awareness;
  readonly #options: WatchOptions;
  /** As many as there may be streams. */
  readonly #watched = new Map<PeerId, Watched>();
  /** How often each was given up. */
  readonly #givenUp = new BoundedMap<PeerId, number>(GIVEN_UP_MAX);
  #lastId = 0;
  #dueAtMs = Infinity;

  constructor(awareness: Awareness, options: WatchOptions) {
    this.#awareness = awareness;
    this.#options = options;
  }

  /** When to look next, as far as all are needed; a frame that comes meanwhile may put it off. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** A frame came, or the stream did: it is watched from now on. */
  heard(peer: PeerId, nowMs: number): void {
    const watched = this.#watched.get(peer);
    if (watched !== undefined) {
      watched.heardAtMs = nowMs;
      return;
    }
    this.#watched.set(peer, { heardAtMs: nowMs, pingedAtMs: Infinity, pingId: 0 });
    this.#dueAtMs = Math.min(this.#dueAtMs, nowMs + this.#options.idleMs);
  }

  pong(peer: PeerId, id: number): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined || watched.pingId !== id || watched.pingedAtMs === Infinity) return;
    watched.pingedAtMs = Infinity;
    this.#awareness.answered();
  }

  /** Its stream is closed. */
  forget(peer: PeerId): void {
    this.#watched.delete(peer);
    if (this.#watched.size === 0) this.#dueAtMs = Infinity;
  }

  /**
   * At `dueAtMs`, or more often.
   * @param isNeeded of whom to know whether they are there: the others cost nothing
   */
  look(nowMs: number, isNeeded: (peer: PeerId) => boolean = () => true): Looked {
    const pings: { peer: PeerId; id: number }[] = [];
    const silent: PeerId[] = [];
    this.#dueAtMs = Infinity;
    for (const [peer, watched] of this.#watched) {
      if (!isNeeded(peer)) {
        watched.pingedAtMs = Infinity;
        continue;
      }
      if (this.#isDue(watched, nowMs)) pings.push({ peer, id: this.#ping(watched, nowMs) });
      const overdueAtMs = this.#overdueAtMs(peer, watched);
      if (nowMs < overdueAtMs) {
        this.#dueAtMs = Math.min(this.#dueAtMs, overdueAtMs);
      } else {
        this.#giveUp(peer);
        silent.push(peer);
      }
    }
    return { pings, silent };
  }

  #isDue(watched: Watched, nowMs: number): boolean {
    if (watched.heardAtMs >= watched.pingedAtMs) watched.pingedAtMs = Infinity;
    return watched.pingedAtMs === Infinity && nowMs >= watched.heardAtMs + this.#options.idleMs;
  }

  #ping(watched: Watched, nowMs: number): number {
    this.#lastId += 1;
    watched.pingedAtMs = nowMs;
    watched.pingId = this.#lastId;
    return this.#lastId;
  }

  /** When there is something to do: it has been silent for too long, or its answer did not come. */
  #overdueAtMs(peer: PeerId, { heardAtMs, pingedAtMs }: Watched): number {
    const { idleMs, pongMs } = this.#options;
    if (pingedAtMs === Infinity) return heardAtMs + idleMs;
    const patience = patienceMs(pongMs, this.#givenUp.get(peer) ?? 0);
    return this.#awareness.deadlineMs(pingedAtMs, patience);
  }

  #giveUp(peer: PeerId): void {
    this.#watched.delete(peer);
    this.#givenUp.put(peer, (this.#givenUp.get(peer) ?? 0) + 1);
  }
}
