/**
 * Whom this peer dials, and when.
 *
 * While neighbours are missing it goes through the passive view, several at a time when it has few
 * or none: after most of a grid has crashed most of what it knows is dead, and the live ones have
 * to be found. Alone it also tries its entrances, and at last whom it met before. With neighbours
 * it is in no haste: in a grid whose views are full somebody always lacks one, and should not go
 * round knocking everywhere.
 *
 * Once in a while a peer with a full view looks for one neighbour more, in the place of another.
 * This heals what no broken link shows: when all neighbours are of one party, or two halves of a
 * grid have forgotten each other.
 */

import type { PeerId } from '../../model/ids.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import { Allowance } from '../allowance.ts';
import type { Dial, DialTable } from './dial-table.ts';
import type { Effect, Now } from '../events.ts';
import { isFresh } from './own-record.ts';
import type { PendingLinks } from './pending-links.ts';
import { sample, type Random } from '../random.ts';
import type { Views } from './views.ts';

/** With fewer neighbours than this the next loss may cut it off: there is haste. */
const NEIGHBOURS_SAFE = 3;
/** Dials for each missing neighbour, in haste; a guess. */
const HASTY_DIALS = 2;
/** Entrances, or peers of earlier days, dialled at once: each that answers is asked to join. */
const ENTERING_MAX = 3;
/**
 * Dials of what others named, which may be any address that somebody wants to have knocked at: a
 * passive view at once, so that a crash of nearly all is over soon, then one a second. Guesses.
 */
const NAMED_DIALS_MAX = 64;
const NAMED_DIAL_EVERY_MS = 1_000;
/** The pause when nobody has room doubles, from the first to the second or third; guesses. */
const PAUSE_MS_MIN = 250;
const PAUSE_MS_MAX_IN_HASTE = 2_000;
const PAUSE_MS_MAX = 30_000;
/**
 * How often a full view changes one neighbour; a guess. Each change costs broadcasts a duplicate or
 * two, until the new links are pruned: of 10,000 peers 33 change in a second. Halves of a
 * partition find each other the sooner the more peers look: 100 peers within some seconds.
 */
export const ROTATE_EVERY_MS = 5 * 60_000;
/** So often it is an entrance or somebody met before, whom nobody can have made up. A guess. */
const ROTATE_TO_MET_CHANCE = 0.25;

/** How long to wait with the next dial after so many in a row that came to nothing. */
export function fillPauseMs(fruitless: number, neighbours: number): number {
  if (fruitless === 0) return 0;
  const maxMs = neighbours < NEIGHBOURS_SAFE ? PAUSE_MS_MAX_IN_HASTE : PAUSE_MS_MAX;
  return Math.min(PAUSE_MS_MIN * 2 ** (fruitless - 1), maxMs);
}

/** An address to dial, and who should be there. */
type Candidate = { readonly address: string; readonly peer: PeerId | undefined };

export type RecruiterParts = {
  readonly views: Views;
  readonly dials: DialTable;
  readonly pending: PendingLinks;
  readonly random: Random;
};

export class Recruiter {
  readonly #views: Views;
  readonly #dials: DialTable;
  readonly #pending: PendingLinks;
  readonly #random: Random;
  /** And who was there the last time. */
  readonly #entrances: Map<string, PeerId | undefined>;
  readonly #namedDials = new Allowance(NAMED_DIALS_MAX, NAMED_DIAL_EVERY_MS);
  /** Dials in a row that came to nothing while there were neighbours. */
  #fruitless = 0;
  #pausedUntilMs = 0;
  /** When another dial may be worth a look, if nothing new is known until then. */
  #fillAtMs = 0;
  #passiveRevision = 0;
  #rotateAtMs = Infinity;

  constructor(entrances: readonly string[], { views, dials, pending, random }: RecruiterParts) {
    this.#views = views;
    this.#dials = dials;
    this.#pending = pending;
    this.#random = random;
    this.#entrances = new Map(entrances.map((address) => [address, undefined]));
  }

  get dueAtMs(): number {
    return Math.min(this.#fillAtMs, this.#rotateAtMs);
  }

  /** Something has changed: whom to dial has to be thought over. */
  stir(): void {
    this.#fillAtMs = 0;
  }

  /** A neighbour was found or lost: others may have room again. */
  neighboursChanged(): void {
    this.#fruitless = 0;
    this.#pausedUntilMs = 0;
    this.stir();
  }

  /** A dial has led to somebody who has no room, or to nobody where somebody was before. */
  cameToNothing(nowMs: number): void {
    this.#fruitless += 1;
    const pauseMs = fillPauseMs(this.#fruitless, this.#views.active.size);
    this.#pausedUntilMs = nowMs + pauseMs * (0.75 + this.#random.next() / 2);
    this.stir();
  }

  /** A dial has led to a peer. */
  reached(address: string, peer: PeerId): void {
    if (this.#entrances.has(address)) this.#entrances.set(address, peer);
  }

  /** As many dials as neighbours are missing; nothing costs less than to call it too often. */
  fill(now: Now): Effect[] {
    const { active, passive } = this.#views;
    if (now.ms < this.#fillAtMs && passive.revision === this.#passiveRevision) return [];
    this.#fillAtMs = Infinity;
    this.#passiveRevision = passive.revision;
    const dialling = this.#dials.underWay - this.#dials.count('visit');
    const engaged = dialling + this.#pending.asked;
    const hasty = active.size < NEIGHBOURS_SAFE ? HASTY_DIALS : 1;
    const wanted = hasty * active.room - engaged;
    if (wanted <= 0) return [];
    if (now.ms < this.#pausedUntilMs) {
      this.#fillAtMs = this.#pausedUntilMs;
      return [];
    }
    if (active.size > 0) {
      const effects = this.#fillFromPassive(wanted, now);
      // One at a time: there are neighbours who name others.
      return effects.length > 0 || engaged > 0 ? effects : this.#enter(1, now);
    }
    const entering = this.#enter(Math.min(ENTERING_MAX - this.#dials.count('enter'), wanted), now);
    return [...entering, ...this.#fillFromPassive(wanted - entering.length, now)];
  }

  /** Looks for a neighbour in the place of another, when that is due. */
  rotate(now: Now): Effect[] {
    if (now.ms < this.#rotateAtMs) return [];
    this.start(now.ms);
    if (this.#views.active.room > 0 || this.#dials.count('rotate') > 0) return [];
    const met = this.#random.next() < ROTATE_TO_MET_CHANCE ? this.#anyMet(now) : undefined;
    if (met !== undefined) return [this.#dial(met, 'rotate', now.ms)];
    for (const candidate of this.#fromPassive(now)) {
      return [this.#dial(candidate, 'rotate', now.ms)];
    }
    return [];
  }

  /** Sets the next rotation, so that peers that started together do not rotate together. */
  start(nowMs: number): void {
    this.#rotateAtMs = nowMs + ROTATE_EVERY_MS * (0.5 + this.#random.next());
  }

  /** Addresses that the owner gave, and who was there the last time. */
  get entrances(): Iterable<readonly [string, PeerId | undefined]> {
    return this.#entrances;
  }

  /** Dials a newcomer whose walk has ended here; nothing if it can't be dialled now. */
  welcome({ record }: SignedRecord, nowMs: number): Effect[] {
    if (!this.#isFree(record.peer, record.addresses)) return [];
    const address = this.#dials.ready(record.addresses, nowMs);
    if (address === undefined || !this.#namedDials.has(nowMs)) return [];
    this.#namedDials.spend();
    return [this.#dial({ address, peer: record.peer }, 'newcomer', nowMs)];
  }

  /** Entrances, and once none of them can be tried, peers met before. */
  #enter(count: number, now: Now): Effect[] {
    const effects: Effect[] = [];
    for (const candidate of this.#atEntrances(now.ms)) {
      if (effects.length >= count) return effects;
      effects.push(this.#dial(candidate, 'enter', now.ms));
    }
    if (effects.length > 0 || this.#dials.count('enter') > 0) return effects;
    for (const candidate of this.#metBefore(now)) {
      if (effects.length >= count || !this.#mayDialNamed(now.ms)) return effects;
      this.#namedDials.spend();
      effects.push(this.#dial(candidate, 'enter', now.ms));
    }
    return effects;
  }

  #fillFromPassive(count: number, now: Now): Effect[] {
    const effects: Effect[] = [];
    if (count <= 0) return effects;
    for (const candidate of this.#fromPassive(now)) {
      if (!this.#mayDialNamed(now.ms)) break;
      this.#namedDials.spend();
      effects.push(this.#dial(candidate, 'fill', now.ms));
      if (effects.length === count) break;
    }
    return effects;
  }

  #mayDialNamed(nowMs: number): boolean {
    if (this.#namedDials.has(nowMs)) return true;
    this.#lookAgain(Math.max(this.#namedDials.dueAtMs, nowMs + 1));
    return false;
  }

  /** In random order. Those that are of no use any more are dropped on the way. */
  *#fromPassive(now: Now): Generator<Candidate> {
    const { passive, misbehaved } = this.#views;
    for (const record of passive.shuffled()) {
      const { peer, addresses } = record.record;
      if (!isFresh(record, now.unixMs) || misbehaved.has(peer, now.ms)) passive.remove(peer);
      else yield* this.#at(peer, addresses, now.ms);
    }
  }

  *#atEntrances(nowMs: number): Generator<Candidate> {
    for (const [address, peer] of this.#entrances) {
      if (peer === undefined) {
        if (!this.#views.active.isAt([address]) && this.#isReady(address, nowMs))
          yield { address, peer };
      } else if (!this.#views.misbehaved.has(peer, nowMs) && this.#isFree(peer, [address])) {
        // Another peer may be there today, so none is expected.
        if (this.#isReady(address, nowMs)) yield { address, peer: undefined };
      }
    }
  }

  *#metBefore(now: Now): Generator<Candidate> {
    for (const { peer, addresses } of this.#views.known.lastFirst(now.unixMs)) {
      if (!this.#views.misbehaved.has(peer, now.ms)) yield* this.#at(peer, addresses, now.ms);
    }
  }

  /**
   * An entrance as often as one of the many others: one that has lost its memory knows nobody, and
   * waits with its newcomers for those who know where it is.
   */
  #anyMet(now: Now): Candidate | undefined {
    const entrances = [...this.#atEntrances(now.ms)];
    const others = [...this.#metBefore(now)];
    const isEntrance = others.length === 0 || this.#random.next() < 0.5;
    return sample(this.#random, isEntrance && entrances.length > 0 ? entrances : others, 1)[0];
  }

  /** Where a peer can be dialled now, if it can. */
  *#at(peer: PeerId, addresses: readonly string[], nowMs: number): Generator<Candidate> {
    if (!this.#isFree(peer, addresses)) return;
    const address = this.#dials.ready(addresses, nowMs);
    if (address !== undefined) yield { address, peer };
    else for (const paused of addresses) this.#lookAgain(this.#dials.readyAtMs(paused));
  }

  #isReady(address: string, nowMs: number): boolean {
    const atMs = this.#dials.readyAtMs(address);
    if (atMs > nowMs) this.#lookAgain(atMs);
    return atMs <= nowMs;
  }

  /** Whether there is no link to it, none on its way, and its networks leave it a place. */
  #isFree(peer: PeerId, addresses: readonly string[]): boolean {
    if (this.#views.active.has(peer) || this.#pending.has(peer)) return false;
    return !this.#dials.isDialling(peer) && this.#views.active.admits(addresses);
  }

  #lookAgain(atMs: number): void {
    this.#fillAtMs = Math.min(this.#fillAtMs, atMs);
  }

  #dial({ address, peer }: Candidate, aim: Dial['aim'], nowMs: number): Effect {
    this.#dials.begin(address, { aim, peer }, nowMs);
    return { type: 'dial', address, ...(peer === undefined ? {} : { expected: peer }) };
  }
}
