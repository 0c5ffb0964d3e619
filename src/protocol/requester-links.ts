/**
 * The work streams that this peer opens to the requesters it computes for, and how long one that
 * could not be reached or was lost is left alone.
 */

import type { PeerId } from '../model/ids.ts';
import { Allowance } from './allowance.ts';
import type { Effect } from './events.ts';

/** Waits before a requester is tried again, doubling; guesses. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;
/**
 * Streams that come to nothing: so many at once, then one in a while. Offers cost a stranger
 * nothing and name any addresses, and every volunteer that hears of one would knock there. Guesses.
 */
const VAIN_OPENS_MAX = 16;
const VAIN_OPEN_EVERY_MS = 250;
/** Links remembered: more than can come to nothing within the longest wait. */
const LINKS_MAX = 256;

type Link = { state: 'connecting' | 'up' | 'down'; failures: number; retryAtMs: number };

export class RequesterLinks {
  readonly #links = new Map<PeerId, Link>();
  readonly #opens = new Allowance(VAIN_OPENS_MAX, VAIN_OPEN_EVERY_MS);

  /** Requesters with an open work stream. */
  get up(): PeerId[] {
    return [...this.#links].filter(([, { state }]) => state === 'up').map(([peer]) => peer);
  }

  isUp(peer: PeerId): boolean {
    return this.#links.get(peer)?.state === 'up';
  }

  /** Whether a requester is down and not to be tried yet. */
  isAvoided(peer: PeerId, nowMs: number): boolean {
    const link = this.#links.get(peer);
    return link?.state === 'down' && link.retryAtMs > nowMs;
  }

  /** False when none is open and too many came to nothing lately. */
  mayOpen(peer: PeerId, nowMs: number): boolean {
    const state = this.#links.get(peer)?.state;
    return state === 'up' || state === 'connecting' || this.#opens.has(nowMs);
  }

  /** When the next one that is down may be tried, or any one may be opened again. */
  get dueAtMs(): number {
    let dueAtMs = this.#opens.dueAtMs;
    for (const { state, retryAtMs } of this.#links.values()) {
      if (state === 'down') dueAtMs = Math.min(dueAtMs, retryAtMs);
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
    this.#links.set(peer, { state: 'connecting', failures, retryAtMs: 0 });
    return [{ type: 'open-work', requester: peer, addresses }];
  }

  cameUp(peer: PeerId): void {
    if (this.#links.get(peer)?.state === 'connecting') this.#opens.refund();
    this.#links.set(peer, { state: 'up', failures: 0, retryAtMs: 0 });
  }

  wentDown(peer: PeerId, nowMs: number): void {
    const failures = (this.#links.get(peer)?.failures ?? 0) + 1;
    const retryAtMs = nowMs + retryAfterMs(failures);
    this.#links.set(peer, { state: 'down', failures, retryAtMs });
  }

  close(peer: PeerId): Effect[] {
    const state = this.#links.get(peer)?.state;
    if (state === undefined || state === 'down') return [];
    this.#links.delete(peer);
    return [{ type: 'close-work', requester: peer }];
  }

  /** Those that were not tried again although it was time: nothing is wanted of them now. */
  forgetOverdue(nowMs: number): void {
    for (const [peer, { state, retryAtMs }] of this.#links) {
      if (state === 'down' && retryAtMs <= nowMs) this.#links.delete(peer);
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
