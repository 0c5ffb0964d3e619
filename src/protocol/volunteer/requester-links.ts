/**
 * The work streams that this peer opens to the requesters it computes for, whether somebody is
 * still at their other ends, and how long a requester that could not be reached or was lost is left
 * alone.
 */

import type { PeerId } from '../../model/ids.ts';
import type { WorkLiveness } from '../../model/messages.ts';
import { Allowance } from '../allowance.ts';
import type { Awareness } from '../awareness.ts';
import type { Effect } from '../events.ts';
import { type WatchOptions, WorkWatch } from '../work-watch.ts';

/**
 * Waits before a requester is tried again, doubling; guesses. The longest is for those that are
 * never there: an offer may name any address, and all who hear of it would knock there together.
 * A requester that has gone is no such case: its offers expire, and with new ones it is tried anew.
 */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 300_000;
/**
 * Streams that come to nothing: so many at once, then one in a while. Offers cost a stranger
 * nothing and name any addresses, and every volunteer that hears of one would knock there. Guesses.
 */
const VAIN_OPENS_MAX = 16;
const VAIN_OPEN_EVERY_MS = 250;
/**
 * A requester is pinged half as often as the volunteers that hold its leases are, and given more
 * time: what is computed for it is lost with it. Guesses.
 */
const WATCH: WatchOptions = { idleMs: 10_000, pongMs: 12_000 };
/** Links remembered: more than can come to nothing within the longest wait. */
const LINKS_MAX = 1_280;

type Link = {
  state: 'connecting' | 'up' | 'down';
  /** In a row: it did not come up, or did and nothing came of it. */
  failures: number;
  /** 0 for at once. */
  retryAtMs: number;
  /** Its last stream came up, and nothing came of it. */
  isVain: boolean;
};

export class RequesterLinks {
  readonly #links = new Map<PeerId, Link>();
  readonly #opens = new Allowance(VAIN_OPENS_MAX, VAIN_OPEN_EVERY_MS);
  readonly #self: PeerId;
  readonly #watch: WorkWatch;

  constructor(self: PeerId, awareness: Awareness) {
    this.#self = self;
    this.#watch = new WorkWatch(awareness, WATCH);
  }

  /** Requesters with an open work stream. */
  get up(): PeerId[] {
    return [...this.#links].filter(([, { state }]) => state === 'up').map(([peer]) => peer);
  }

  isUp(peer: PeerId): boolean {
    return this.#links.get(peer)?.state === 'up';
  }

  /** Whether a stream to it is open, or about to be. */
  isOpen(peer: PeerId): boolean {
    const state = this.#links.get(peer)?.state;
    return state === 'up' || state === 'connecting';
  }

  /** Whether a requester is down and not to be tried yet. */
  isAvoided(peer: PeerId, nowMs: number): boolean {
    const link = this.#links.get(peer);
    return link?.state === 'down' && link.retryAtMs > nowMs;
  }

  /** Whether its last stream came up and nothing came of it: that it is there is no news. */
  isVain(peer: PeerId): boolean {
    return this.#links.get(peer)?.isVain ?? false;
  }

  /** False when none is open and too many came to nothing lately. */
  mayOpen(peer: PeerId, nowMs: number): boolean {
    return this.isOpen(peer) || this.#opens.has(nowMs);
  }

  /** When one that is down may be tried, any be opened again, or one that is up is silent. */
  get dueAtMs(): number {
    let dueAtMs = Math.min(this.#opens.dueAtMs, this.#watch.dueAtMs);
    for (const { state, retryAtMs } of this.#links.values()) {
      if (state === 'down' && retryAtMs > 0) dueAtMs = Math.min(dueAtMs, retryAtMs);
    }
    return dueAtMs;
  }

  /** Opens a stream unless there is one. */
  open(peer: PeerId, addresses: readonly string[]): Effect[] {
    const link = this.#links.get(peer);
    if (link !== undefined && link.state !== 'down') return [];
    if (link === undefined && this.#links.size >= LINKS_MAX) this.#forgetOne();
    this.#opens.spend();
    const failures = link?.failures ?? 0;
    this.#links.set(peer, { state: 'connecting', failures, retryAtMs: 0, isVain: false });
    return [{ type: 'open-work', requester: peer, addresses }];
  }

  /** That it is there is not enough: who takes results and acknowledges none is left alone too. */
  cameUp(peer: PeerId, nowMs: number): void {
    // What this peer says to itself is not lost on the way.
    if (peer !== this.#self) this.#watch.heard(peer, nowMs);
    const { state, failures = 0 } = this.#links.get(peer) ?? {};
    if (state === 'connecting') this.#opens.refund();
    this.#links.set(peer, { state: 'up', failures, retryAtMs: 0, isVain: true });
  }

  /** Something came of its stream. */
  served(peer: PeerId): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    link.failures = 0;
    link.isVain = false;
  }

  /** A message came from it. */
  heard(peer: PeerId, nowMs: number): void {
    if (peer !== this.#self && this.isUp(peer)) this.#watch.heard(peer, nowMs);
  }

  answer(to: PeerId, { type, id }: WorkLiveness): Effect[] {
    if (type === 'ping') return [{ type: 'send-to-requester', to, message: { type: 'pong', id } }];
    this.#watch.pong(to, id);
    return [];
  }

  /** Pings, and closes what is silent. @returns also whose streams went down by that */
  look(nowMs: number): { readonly effects: Effect[]; readonly silent: readonly PeerId[] } {
    if (nowMs < this.#watch.dueAtMs) return { effects: [], silent: [] };
    const { pings, silent } = this.#watch.look(nowMs);
    const effects = pings.map(({ peer, id }): Effect => ({
      type: 'send-to-requester',
      to: peer,
      message: { type: 'ping', id },
    }));
    for (const requester of silent) effects.push({ type: 'close-work', requester });
    return { effects, silent };
  }

  wentDown(peer: PeerId, nowMs: number): void {
    this.#watch.forget(peer);
    const link = this.#links.get(peer);
    const failures = (link?.failures ?? 0) + 1;
    const retryAtMs = nowMs + retryAfterMs(failures);
    const isVain = link?.isVain ?? false;
    this.#links.set(peer, { state: 'down', failures, retryAtMs, isVain });
  }

  close(peer: PeerId): Effect[] {
    const state = this.#links.get(peer)?.state;
    if (state === undefined || state === 'down') return [];
    this.#links.delete(peer);
    this.#watch.forget(peer);
    return [{ type: 'close-work', requester: peer }];
  }

  /**
   * Those that were not tried again although it was time: nothing is wanted of them now. Others
   * wait for their turn, and the next wait is the longer one all the same.
   * @param wanted those that have to be reached
   */
  forgetOverdue(nowMs: number, wanted: ReadonlyMap<PeerId, unknown>): void {
    // Brought up to date, so that it is not due for ever while nothing is to be opened.
    this.#opens.has(nowMs);
    for (const [peer, link] of this.#links) {
      if (link.state !== 'down' || link.retryAtMs > nowMs) continue;
      if (wanted.has(peer)) link.retryAtMs = 0;
      else this.#links.delete(peer);
    }
  }

  /** Makes room. With fewer jobs than places there is always one that is down. */
  #forgetOne(): void {
    for (const [peer, { state }] of this.#links) {
      if (state !== 'down') continue;
      this.#links.delete(peer);
      return;
    }
  }
}

/** @param failures in a row, at least 1 */
export function retryAfterMs(failures: number): number {
  return Math.min(RETRY_MS_MIN * 2 ** (failures - 1), RETRY_MS_MAX);
}
