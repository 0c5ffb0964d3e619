/**
 * Visits: a peer dials one that is no neighbour, the two tell each other which offers they know,
 * each asks for what it misses, and they part.
 *
 * Strangers can press themselves on a peer as neighbours (`active-view.ts`), and who has only
 * neighbours that keep offers to themselves can't tell that from a quiet grid. But whom it visits a
 * peer chooses by itself. So once in a while, and sooner when the news have stopped, it looks
 * whether it misses anything. Where one of the two did, the neighbours of one of them are in doubt,
 * and this peer goes on visiting until nothing is missed for a while. In a grid that is well visits
 * find nothing, and the tree along which offers run is not touched.
 *
 * To choose better neighbours instead was tried: with a fifth of the peers hostile the views never
 * came to rest, and each change costs everybody copies and longer paths.
 */

import type { PeerId } from '../../model/ids.ts';
import { Allowance } from '../allowance.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { DialTable } from './dial-table.ts';
import type { Effect, Now } from '../events.ts';
import type { PendingLinks } from './pending-links.ts';
import { type Random, sample } from '../random.ts';
import type { Recruiter } from './recruiter.ts';
import type { Views } from './views.ts';

/** The pause grows with each visit that finds nothing, from the first to the second; guesses. */
const PAUSE_MS_MIN = 5_000;
const PAUSE_MS_MAX = 2 * 60_000;
const PAUSE_GROWTH = 1.5;
/** So long after offers were missed, the neighbours are in doubt; a guess. */
const DOUBT_MS = 2 * 60_000;
const PAUSE_MS_IN_DOUBT = 2_500;
/** No news for so long, and for so many times as long as usual: they have stopped. Guesses. */
const DROUGHT_MS_MIN = 30_000;
const DROUGHT_GAPS = 4;
/** How much one more gap counts in the usual one: that of the last ten or so. */
const GAP_SHARE = 0.1;
/** An own offer ought to be everywhere by then; this is looked at once in a while. */
const OFFERED_AFTER_MS = 2_000;
const OFFERED_EVERY_MS = 20_000;
/** After a dial that failed. */
const RETRY_MS = 500;
/** In a grid where nobody else is left to visit all fail. A guess. */
const RETRIES_MAX = 8;
/** Dials of addresses that anybody may have made up: some at once, then one a second. Guesses. */
const DIALS_MAX = 16;
const DIAL_EVERY_MS = 1_000;
/** The same address again; and more of them than are dialled meanwhile. */
const REVISIT_AFTER_MS = 10_000;
const VISITED_MAX = 64;
/** A peer that misses something is a sign so often; more peers than are visited meanwhile. */
const ASKED_EVERY_MS = 2 * 60_000;
const ASKED_MAX = 512;
/** Peers that told of what neighbours did not bring. */
const TELLERS_MAX = 16;

export type VisitsParts = {
  readonly views: Views;
  readonly dials: DialTable;
  readonly pending: PendingLinks;
  readonly entrances: Entrances;
  readonly random: Random;
};

type Entrances = Pick<Recruiter, 'entrances'>;
type Host = { readonly peer: PeerId | undefined; readonly addresses: readonly string[] };

export class Visits {
  readonly #views: Views;
  readonly #dials: DialTable;
  readonly #pending: PendingLinks;
  readonly #entrances: Entrances;
  readonly #random: Random;
  readonly #allowance = new Allowance(DIALS_MAX, DIAL_EVERY_MS);
  /** When each address was dialled. */
  readonly #visited = new BoundedMap<string, number>(VISITED_MAX);
  /** When each peer has asked for an offer, and that was taken for a sign. */
  readonly #askedAtMs = new BoundedMap<PeerId, number>(ASKED_MAX);
  readonly #tellers = new BoundedMap<PeerId, Host>(TELLERS_MAX);
  #pauseMs = PAUSE_MS_MIN;
  #dueAtMs = Infinity;
  #lastAtMs = -Infinity;
  /** Of dials that failed, since the last visit that was due. */
  #retries = 0;
  #retryAtMs = Infinity;
  #doubtUntilMs = -Infinity;
  /** When the news will have stopped, unless some come before. Infinity once they have. */
  #droughtAtMs = Infinity;
  #newsAtMs = 0;
  #gapMs = 0;

  constructor({ views, dials, pending, entrances, random }: VisitsParts) {
    this.#views = views;
    this.#dials = dials;
    this.#pending = pending;
    this.#entrances = entrances;
    this.#random = random;
  }

  get dueAtMs(): number {
    // Who is alone looks for a neighbour first (`recruiter.ts`).
    if (this.#views.active.size === 0) return Infinity;
    return Math.min(this.#dueAtMs, this.#droughtAtMs, this.#retryAtMs);
  }

  start(nowMs: number): void {
    this.#newsAtMs = nowMs;
    this.#wait(nowMs);
  }

  /** A neighbour has brought news of somebody else. */
  heard(nowMs: number): void {
    this.#gapMs += (nowMs - this.#newsAtMs - this.#gapMs) * GAP_SHARE;
    this.#newsAtMs = nowMs;
    // Looked at again when it is due: it is put off all the time.
    if (this.#droughtAtMs === Infinity) this.#droughtAtMs = this.#nextDroughtAtMs();
  }

  /** This peer has an offer, and does not know whether anybody hears it. */
  offered(nowMs: number): void {
    const atMs = Math.max(nowMs + OFFERED_AFTER_MS, this.#lastAtMs + OFFERED_EVERY_MS);
    this.#dueAtMs = Math.min(this.#dueAtMs, atMs);
  }

  /** On a visit one of the two missed an offer. */
  differed(peer: PeerId, missedBy: 'self' | 'other', nowMs: number): void {
    const dialled = this.#pending.get(peer)?.dialled;
    // Who comes by itself and misses something has a doubt of its own.
    if (missedBy === 'other' && (dialled === undefined || !this.#mayDoubt(peer, nowMs))) return;
    if (missedBy === 'self' && dialled !== undefined) {
      this.#tellers.put(peer, { peer, addresses: [dialled] });
    }
    this.#doubtUntilMs = nowMs + DOUBT_MS;
    this.#hurry(nowMs);
  }

  /** Once in a while for each peer: it may ask for what it does not take, or to no end. */
  #mayDoubt(peer: PeerId, nowMs: number): boolean {
    if (nowMs < (this.#askedAtMs.get(peer) ?? -Infinity) + ASKED_EVERY_MS) return false;
    this.#askedAtMs.put(peer, nowMs);
    return true;
  }

  /** A dial has led nowhere. */
  failed(nowMs: number): void {
    if (this.#retries >= RETRIES_MAX) return;
    this.#retries += 1;
    this.#retryAtMs = nowMs + RETRY_MS;
  }

  /** Dials somebody, when that is due. */
  begin(now: Now): Effect[] {
    if (now.ms < this.dueAtMs) return [];
    if (now.ms >= this.#droughtAtMs) this.#lookForDrought(now.ms);
    if (now.ms < this.#dueAtMs && now.ms < this.#retryAtMs) return [];
    this.#retryAtMs = Infinity;
    if (now.ms >= this.#dueAtMs) {
      this.#retries = 0;
      this.#wait(now.ms);
    }
    if (!this.#allowance.has(now.ms)) {
      this.#dueAtMs = Math.min(this.#dueAtMs, this.#allowance.dueAtMs);
      return [];
    }
    const host = this.#someHost(now);
    const address = host === undefined ? undefined : this.#addressOf(host.addresses, now.ms);
    if (host === undefined || address === undefined) return [];
    this.#allowance.spend();
    this.#visited.put(address, now.ms);
    this.#dials.begin(address, { aim: 'visit', peer: host.peer }, now.ms);
    return [{ type: 'dial', address, ...(host.peer === undefined ? {} : { expected: host.peer }) }];
  }

  #lookForDrought(nowMs: number): void {
    this.#droughtAtMs = this.#nextDroughtAtMs();
    if (nowMs < this.#droughtAtMs) return;
    this.#droughtAtMs = Infinity;
    this.#hurry(nowMs);
  }

  #nextDroughtAtMs(): number {
    return this.#newsAtMs + Math.max(DROUGHT_MS_MIN, DROUGHT_GAPS * this.#gapMs);
  }

  /** The next one comes soon, and those after it, until they find nothing. */
  #hurry(nowMs: number): void {
    this.#pauseMs = PAUSE_MS_MIN;
    this.#dueAtMs = Math.min(this.#dueAtMs, nowMs + this.#jitter(PAUSE_MS_IN_DOUBT));
  }

  #wait(nowMs: number): void {
    this.#lastAtMs = nowMs;
    const isInDoubt = nowMs < this.#doubtUntilMs;
    this.#dueAtMs = nowMs + this.#jitter(isInDoubt ? PAUSE_MS_IN_DOUBT : this.#pauseMs);
    if (!isInDoubt) this.#pauseMs = Math.min(PAUSE_GROWTH * this.#pauseMs, PAUSE_MS_MAX);
  }

  #jitter(ms: number): number {
    return ms * (0.75 + this.#random.next() / 2);
  }

  /** Of all ways to know somebody each has its turn: nobody else controls them all. */
  #someHost(now: Now): Host | undefined {
    const { known, contacts, passive } = this.#views;
    const ways: readonly (() => Iterable<Host>)[] = [
      () => this.#tellers.values(),
      () => this.#atEntrances(now.ms),
      () => contacts.all(),
      () => known.lastFirst(now.unixMs),
      () => Array.from(passive.records.values(), ({ record }) => record),
    ];
    for (const hosts of sample(this.#random, ways, ways.length)) {
      const free = Array.from(hosts()).filter((host) => this.#isFree(host, now.ms));
      const [host] = sample(this.#random, free, 1);
      if (host !== undefined) return host;
    }
    return undefined;
  }

  /** Another peer than the last time may be there today, so none is expected. */
  #atEntrances(nowMs: number): Host[] {
    return Array.from(this.#entrances.entrances)
      .map(([address, peer]) => ({ peer, addresses: [address] }))
      .filter((host) => this.#isFree(host, nowMs))
      .map(({ addresses }) => ({ peer: undefined, addresses }));
  }

  #isFree({ peer, addresses }: Host, nowMs: number): boolean {
    const { active, misbehaved } = this.#views;
    if (this.#addressOf(addresses, nowMs) === undefined) return false;
    if (peer === undefined) return !active.isAt(addresses);
    if (active.has(peer) || this.#pending.has(peer) || misbehaved.has(peer, nowMs)) return false;
    return !this.#dials.isDialling(peer);
  }

  #addressOf(addresses: readonly string[], nowMs: number): string | undefined {
    return addresses.find(
      (address) =>
        !this.#dials.isUnderWay(address) &&
        nowMs >= (this.#visited.get(address) ?? -Infinity) + REVISIT_AFTER_MS,
    );
  }
}
