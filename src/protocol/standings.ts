/**
 * What this requester has seen of each peer: spot-checks passed, and whether it was caught. It is
 * this requester's own: nobody else's word makes a peer credible. It outlasts jobs and restarts,
 * and counts less as it gets older: machines change hands.
 */

import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Standing } from '../model/standing.ts';

/** Half a year after it was last seen, half of what a peer has passed still counts. A guess. */
const HALF_LIFE_DAYS = 180;
const DAY_MS = 24 * 3_600_000;

type Entry = { passed: number; isCaught: boolean; seenAtMs: number };

export class Standings {
  /** The last seen last. */
  readonly #entries = new Map<PeerId, Entry>();
  readonly #changed = new Set<PeerId>();

  /** Unix time, as of the event that is being handled. */
  nowMs = 0;

  /** @param known of earlier runs */
  constructor(known: readonly Standing[] = []) {
    const lastSeenLast = [...known].sort((a, b) => a.seenAtMs - b.seenAtMs);
    for (const { peer, passed, isCaught, seenAtMs } of lastSeenLast.slice(-limits.standingsMax)) {
      this.#entries.set(peer, { passed, isCaught, seenAtMs });
    }
  }

  /** Spot-checks that it passed, less with age. */
  passed(peer: PeerId): number {
    const entry = this.#entries.get(peer);
    return entry === undefined ? 0 : aged(entry, this.nowMs);
  }

  isCaught(peer: PeerId): boolean {
    return this.#entries.get(peer)?.isCaught === true;
  }

  pass(peer: PeerId): void {
    const passed = this.passed(peer) + 1;
    this.#put(peer, { passed, isCaught: this.isCaught(peer), seenAtMs: this.nowMs });
  }

  /** It returned what is not right. Whatever it passed before says nothing any more. */
  catch(peer: PeerId): void {
    this.#put(peer, { passed: 0, isCaught: true, seenAtMs: this.nowMs });
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** Those that have changed since this was asked the last time. */
  takeChanged(): Standing[] {
    const changed: Standing[] = [];
    for (const peer of this.#changed) {
      const entry = this.#entries.get(peer);
      if (entry !== undefined) changed.push({ peer, ...entry });
    }
    this.#changed.clear();
    return changed;
  }

  #put(peer: PeerId, entry: Entry): void {
    this.#entries.delete(peer);
    this.#entries.set(peer, entry);
    this.#changed.add(peer);
    if (this.#entries.size <= limits.standingsMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      this.#changed.delete(oldest);
      return;
    }
  }
}

function aged({ passed, seenAtMs }: Entry, nowMs: number): number {
  // By whole days: the first check that was passed is to count as one for a while.
  const days = Math.floor(Math.max(nowMs - seenAtMs, 0) / DAY_MS);
  return passed * 0.5 ** (days / HALF_LIFE_DAYS);
}
