/**
 * Dials under way, and the addresses that are left alone for a while. Whatever came of a dial, the
 * same address is not dialled again at once, so that no sequence of events is a storm: the pause
 * doubles from one dial to the next, until a link has lasted.
 */

import type { PeerId } from '../../model/ids.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { Random } from '../random.ts';

/** The pause doubles from the first to the second; guesses. */
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 60_000;
/** Longer than any dial takes (connecting, TLS, hellos), then it has failed. */
const DIAL_MS_MAX = 20_000;
/** A link that lasted so long was worth its dial; a guess. */
const LASTING_MS_MIN = 60_000;
/** More addresses than are dialled while a pause lasts; the one dialled longest ago is dropped. */
const PAUSES_MAX = 512;

/**
 * What it is for. `enter`: an entrance or a peer of earlier days. `fill`: a neighbour is missing.
 * `rotate`: a neighbour in the place of another. `newcomer`: its walk ended here. `visit`: no
 * neighbour at all (`visits.ts`).
 */
export type DialAim = 'enter' | 'fill' | 'rotate' | 'newcomer' | 'visit';

export type Dial = {
  readonly aim: DialAim;
  /** Who should be there, if that is known. */
  readonly peer: PeerId | undefined;
};

type UnderWay = Dial & { readonly deadlineMs: number };
type Pause = { readonly dials: number; readonly untilMs: number };

export class DialTable {
  readonly #random: Random;
  /** The oldest first. As few as whoever dials allows. */
  readonly #underWay = new Map<string, UnderWay>();
  readonly #peers = new Set<PeerId>();
  readonly #pauses = new BoundedMap<string, Pause>(PAUSES_MAX);

  constructor(random: Random) {
    this.#random = random;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** When the first of those under way counts as failed. */
  get dueAtMs(): number {
    if (this.#underWay.size === 0) return Infinity;
    for (const { deadlineMs } of this.#underWay.values()) return deadlineMs;
    return Infinity;
  }

  count(aim: DialAim): number {
    let count = 0;
    for (const dial of this.#underWay.values()) count += dial.aim === aim ? 1 : 0;
    return count;
  }

  isUnderWay(address: string): boolean {
    return this.#underWay.has(address);
  }

  isDialling(peer: PeerId): boolean {
    return this.#peers.has(peer);
  }

  /** When the address may be dialled; 0 for at any time, Infinity while it is dialled. */
  readyAtMs(address: string): number {
    if (this.#underWay.has(address)) return Infinity;
    return this.#pauses.get(address)?.untilMs ?? 0;
  }

  /** The address to dial now, of those of one peer: the one that was not tried for longest. */
  ready(addresses: readonly string[], nowMs: number): string | undefined {
    let best: string | undefined;
    let bestAtMs = Infinity;
    for (const address of addresses) {
      const atMs = this.readyAtMs(address);
      if (atMs > nowMs || atMs >= bestAtMs) continue;
      best = address;
      bestAtMs = atMs;
    }
    return best;
  }

  begin(address: string, dial: Dial, nowMs: number): void {
    this.#underWay.set(address, { ...dial, deadlineMs: nowMs + DIAL_MS_MAX });
    if (dial.peer !== undefined) this.#peers.add(dial.peer);
    if (dial.aim === 'visit') return;
    this.#pause(address, (this.#pauses.get(address)?.dials ?? 0) + 1, nowMs);
  }

  /** It has come to its end, whatever that was. The pause counts from now. */
  end(address: string, nowMs: number): Dial | undefined {
    const dial = this.#underWay.get(address);
    if (dial === undefined) return undefined;
    this.#underWay.delete(address);
    if (dial.peer !== undefined) this.#peers.delete(dial.peer);
    if (dial.aim === 'visit') return dial;
    this.#pause(address, this.#pauses.get(address)?.dials ?? 1, nowMs);
    return dial;
  }

  /** Addresses whose dials never came to an end. */
  overdue(nowMs: number): string[] {
    const addresses: string[] = [];
    for (const [address, { deadlineMs }] of this.#underWay) {
      if (deadlineMs > nowMs) break;
      addresses.push(address);
    }
    return addresses;
  }

  /** The link that came of a dial has gone. */
  parted(address: string, lastedMs: number, nowMs: number): void {
    const dials = lastedMs < LASTING_MS_MIN ? (this.#pauses.get(address)?.dials ?? 1) : 1;
    this.#pause(address, dials, nowMs);
  }

  /** Leaves them alone for as long as can be: their peer has said that it has no room. */
  postpone(addresses: readonly string[], nowMs: number): void {
    for (const address of addresses) {
      this.#pauses.put(address, { dials: 1, untilMs: nowMs + jitter(PAUSE_MS_MAX, this.#random) });
    }
  }

  #pause(address: string, dials: number, nowMs: number): void {
    this.#pauses.put(address, { dials, untilMs: nowMs + jitter(pauseMs(dials), this.#random) });
  }
}

/** After so many dials in a row. */
function pauseMs(dials: number): number {
  return Math.min(PAUSE_MS_MIN * 2 ** (dials - 1), PAUSE_MS_MAX);
}

/** Between three quarters and five: those who were cut off together should not come together. */
function jitter(ms: number, random: Random): number {
  return ms * (0.75 + random.next() / 2);
}
