/**
 * Peers that sent what no correct peer sends. Each is left alone for a while, twice as long each
 * time that it does so again. A new identity is free, so this is no punishment: it keeps a broken
 * peer from coming back every second, and has a hostile one pay with a new key and a new place.
 */

import type { PeerId } from '../../model/ids.ts';
import { BoundedMap } from '../bounded-map.ts';

/** Guesses. */
const AWAY_MS_MIN = 10 * 60_000;
const AWAY_MS_MAX = 24 * 3_600_000;
/** More than misbehave at a time, unless identities are made on purpose; the oldest is dropped. */
const REMEMBERED_MAX = 256;

type Entry = { readonly times: number; readonly untilMs: number };

export class MisbehavedPeers {
  /** Those whose time is over stay, so that the next is longer. */
  readonly #entries = new BoundedMap<PeerId, Entry>(REMEMBERED_MAX);

  add(peer: PeerId, nowMs: number): void {
    const times = (this.#entries.get(peer)?.times ?? 0) + 1;
    this.#entries.put(peer, { times, untilMs: nowMs + awayMs(times) });
  }

  /** Whether it is to be left alone now. */
  has(peer: PeerId, nowMs: number): boolean {
    return (this.#entries.get(peer)?.untilMs ?? 0) > nowMs;
  }
}

function awayMs(times: number): number {
  return Math.min(AWAY_MS_MIN * 2 ** (times - 1), AWAY_MS_MAX);
}
