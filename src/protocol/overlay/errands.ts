/**
 * What this peer does when a neighbour asks whether it reaches somebody: it dials, says whether
 * anybody was there, and hangs up. A neighbour of its own it pings instead.
 *
 * Saying no in good time matters as much as saying yes: it shows who asked that its own links are
 * well (Lifeguard's nack). Who asks too much gets no answer, since that would be a guess.
 *
 * A record is its peer's word, and its addresses may be anybody's: so errands are few, and whoever
 * is dialled has to prove that it is the peer that was meant.
 */

import type { PeerId } from '../../model/ids.ts';
import type { PeerRecord } from '../../model/peer-record.ts';
import { Allowance } from '../allowance.ts';
import type { Effect } from '../events.ts';

/** Who asks waits 3 s at least (`suspicion.ts`): this leaves half a second for the way. */
const ANSWER_MS = 2_500;
/** Of one neighbour: all of its own may fall silent at once. Then one in a while. Guesses. */
const ASKED_MAX = 8;
const ASKED_EVERY_MS = 5_000;
/** Dials and pings at a time; those beyond are not answered. */
const ERRANDS_MAX = 8;
/** Every dial ends before; one that did not is forgotten when its place is wanted. */
const DIAL_MS_MAX = 60_000;

type Errand = {
  /** That was dialled; undefined for a neighbour. */
  readonly address: string | undefined;
  readonly begunAtMs: number;
  /** The neighbours that wait for word, and the ids of their questions. */
  readonly askers: Map<PeerId, number>;
};

export class Errands {
  /** By the peer that is looked for. */
  readonly #errands = new Map<PeerId, Errand>();
  /** Of those neighbours that ever asked. */
  readonly #allowances = new Map<PeerId, Allowance>();
  #dueAtMs = Infinity;

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /**
   * @param id of the question
   * @param isNeighbour whether it is of a neighbour of this peer too, which is not heard much
   */
  ask(from: PeerId, id: number, record: PeerRecord, isNeighbour: boolean, nowMs: number): Effect[] {
    if (!this.#allows(from, nowMs)) return [];
    const { peer } = record;
    const errand = this.#errands.get(peer);
    if (errand !== undefined) {
      if (nowMs >= errand.begunAtMs + ANSWER_MS) return [answer(from, id, false)];
      errand.askers.set(from, id);
      return [];
    }
    const address = isNeighbour ? undefined : record.addresses[0];
    if (!isNeighbour && address === undefined) return [answer(from, id, false)];
    if (!this.#hasRoom(nowMs)) return [];
    this.#errands.set(peer, { address, begunAtMs: nowMs, askers: new Map([[from, id]]) });
    this.#dueAtMs = Math.min(this.#dueAtMs, nowMs + ANSWER_MS);
    if (address !== undefined) return [{ type: 'dial', address, expected: peer }];
    return [{ type: 'send-overlay', to: peer, message: { type: 'ping', id } }];
  }

  /**
   * A link came up that may be the end of an errand. It is hung up if it was dialled for that: else
   * whoever asks for errands could keep this peer from a neighbour that it dials elsewhere.
   * @param dialled by this peer, and where
   * @returns nothing if nobody asked for it
   */
  linkUp(peer: PeerId, dialled: string | undefined): Effect[] {
    const address = this.#errands.get(peer)?.address;
    const found = this.reached(peer) ?? [];
    const isErrand = address !== undefined && address === dialled;
    return isErrand ? [...found, { type: 'hang-up', peer }] : found;
  }

  /** @returns undefined when it is nothing to do with an errand */
  dialFailed(address: string): Effect[] | undefined {
    for (const [peer, errand] of this.#errands) {
      if (errand.address === address) return this.#end(peer, errand, false);
    }
    return undefined;
  }

  /** Somebody is there. @returns undefined if nobody asked for it */
  reached(peer: PeerId): Effect[] | undefined {
    const errand = this.#errands.get(peer);
    return errand === undefined ? undefined : this.#end(peer, errand, true);
  }

  neighbourDown(peer: PeerId): Effect[] {
    this.#allowances.delete(peer);
    for (const { askers } of this.#errands.values()) askers.delete(peer);
    const errand = this.#errands.get(peer);
    if (errand === undefined || errand.address !== undefined) return [];
    return this.#end(peer, errand, false);
  }

  tick(nowMs: number): Effect[] {
    if (nowMs < this.#dueAtMs) return [];
    this.#dueAtMs = Infinity;
    const effects: Effect[] = [];
    for (const [peer, errand] of this.#errands) {
      const dueAtMs = errand.begunAtMs + ANSWER_MS;
      if (nowMs < dueAtMs) this.#dueAtMs = Math.min(this.#dueAtMs, dueAtMs);
      // A dial goes on, and its end will be heard: then it must be known whose it was.
      else if (errand.address !== undefined) effects.push(...tell(errand, false));
      else effects.push(...this.#end(peer, errand, false));
    }
    return effects;
  }

  #end(peer: PeerId, errand: Errand, reached: boolean): Effect[] {
    this.#errands.delete(peer);
    return tell(errand, reached);
  }

  #allows(from: PeerId, nowMs: number): boolean {
    let allowance = this.#allowances.get(from);
    if (allowance === undefined) {
      allowance = new Allowance(ASKED_MAX, ASKED_EVERY_MS);
      this.#allowances.set(from, allowance);
    }
    if (!allowance.has(nowMs)) return false;
    allowance.spend();
    return true;
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#errands.size < ERRANDS_MAX) return true;
    for (const [peer, { begunAtMs }] of this.#errands) {
      if (nowMs >= begunAtMs + DIAL_MS_MAX) this.#errands.delete(peer);
    }
    return this.#errands.size < ERRANDS_MAX;
  }
}

/** Answers all who asked, once. */
function tell({ askers }: Errand, reached: boolean): Effect[] {
  const effects = Array.from(askers, ([to, id]) => answer(to, id, reached));
  askers.clear();
  return effects;
}

export function answer(to: PeerId, id: number, reached: boolean): Effect {
  return { type: 'send-overlay', to, message: { type: 'probe-result', id, reached } };
}
