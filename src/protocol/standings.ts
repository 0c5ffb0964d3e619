/**
 * What this peer has seen of each other one: spot-checks passed, and whether it was caught. It is
 * this peer's own: nobody else's word makes a peer credible, or guilty. It outlasts jobs and
 * restarts, and what was passed counts less as it gets older: machines change hands.
 */

import { type JobId, type PeerId, short } from '../model/ids.ts';
import type { WrongResult } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { Standing } from '../model/standing.ts';

/** Half a year after it was last seen, half of what a peer has passed still counts. A guess. */
const HALF_LIFE_DAYS = 180;
const DAY_MS = 24 * 3_600_000;
/** Longer ago than anything. */
const UNMET_AT_MS = 0;

type Entry = Omit<Standing, 'peer'>;

export class Standings {
  /** The last seen last. */
  readonly #entries = new Map<PeerId, Entry>();
  /** Of those, who was never seen: the last caught last. */
  readonly #unmet = new Set<PeerId>();
  readonly #changed = new Set<PeerId>();

  /** Unix time, as of the event that is being handled. */
  nowMs = 0;

  /** @param known of earlier runs */
  constructor(known: readonly Standing[] = []) {
    const lastSeenLast = [...known].sort((a, b) => a.seenAtMs - b.seenAtMs);
    for (const { peer, ...entry } of lastSeenLast.slice(-limits.standingsMax)) {
      this.#entries.set(peer, entry);
      if (entry.seenAtMs === UNMET_AT_MS) this.#unmet.add(peer);
    }
  }

  /** Whether this peer has seen anything of it itself. */
  hasMet(peer: PeerId): boolean {
    return this.#entries.has(peer) && !this.#unmet.has(peer);
  }

  /** Spot-checks that it passed, less with age. */
  passed(peer: PeerId): number {
    const entry = this.#entries.get(peer);
    return entry === undefined ? 0 : aged(entry, this.nowMs);
  }

  /** The same for who is to be told; of who was caught nothing. */
  credit(peer: PeerId): number | undefined {
    return this.isCaught(peer) ? undefined : this.passed(peer);
  }

  /** As it was when the peer was checked the last time. */
  creditWhenSeen(peer: PeerId): number | undefined {
    return this.isCaught(peer) ? undefined : (this.#entries.get(peer)?.passed ?? 0);
  }

  isCaught(peer: PeerId): boolean {
    return this.#entries.get(peer)?.isCaught === true;
  }

  /** Who was caught, and why, as far as that is known. The last first. */
  get caught(): { readonly peer: PeerId; readonly why: string }[] {
    const all = Array.from(this.#entries, ([peer, entry]) => ({ peer, ...entry }));
    const caught = all.filter(({ isCaught }) => isCaught).reverse();
    return caught.map(({ peer, why = '' }) => ({ peer, why }));
  }

  /** Why nothing is computed for it, for a person: "a job ..."; undefined unless it was caught. */
  refusal(peer: PeerId): string | undefined {
    const entry = this.#entries.get(peer);
    if (entry?.isCaught !== true) return undefined;
    return `is of ${short(peer)}, which ${entry.why ?? 'returned a wrong result'}`;
  }

  pass(peer: PeerId): void {
    const passed = this.passed(peer) + 1;
    const known = this.#entries.get(peer);
    this.#put(peer, { isCaught: false, ...known, passed, seenAtMs: this.nowMs });
  }

  /**
   * It returned what is not right. Whatever it passed before says nothing any more.
   * @param why for a person: "it ..."
   */
  catch(peer: PeerId, why: string): void {
    this.#put(peer, { passed: 0, isCaught: true, why, seenAtMs: this.nowMs });
  }

  /**
   * The same of one that this peer has never met. There is no end of such names: they are the first
   * to make room, so that they push out nobody else.
   */
  catchUnmet(peer: PeerId, why: string): void {
    this.#put(peer, { passed: 0, isCaught: true, why, seenAtMs: UNMET_AT_MS });
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
    this.#unmet.delete(peer);
    if (entry.seenAtMs === UNMET_AT_MS) this.#unmet.add(peer);
    if (this.#entries.size <= limits.standingsMax) return;
    const [oldest] = this.#unmet.size > 0 ? this.#unmet : this.#entries.keys();
    if (oldest === undefined) return;
    this.#entries.delete(oldest);
    this.#unmet.delete(oldest);
    this.#changed.delete(oldest);
  }
}

/** For a person: "it ...". */
export function whyWrong(job: JobId, { chunk }: Pick<WrongResult, 'chunk'>): string {
  return `returned a wrong result: chunk ${chunk} of job ${short(job)}`;
}

function aged({ passed, seenAtMs }: Entry, nowMs: number): number {
  // By whole days: the first check that was passed is to count as one for a while.
  const days = Math.floor(Math.max(nowMs - seenAtMs, 0) / DAY_MS);
  return passed * 0.5 ** (days / HALF_LIFE_DAYS);
}
