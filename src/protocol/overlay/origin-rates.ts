/**
 * How many new offers are taken from each requester, so that one peer can't flood the grid.
 *
 * Two rates: while all is quiet, a script may submit one small job after the other, each an open
 * and a closed offer. When the whole comes in floods, each requester gets what a few long jobs
 * need. One rate for both would either stop the script or let twenty peers use up everybody's time.
 * The whole is limited too, since identities are free; only those known for long have something
 * set aside for them (`old-origins.ts`). What is over a rate is lost here; a job that goes on is
 * offered again. All numbers are guesses.
 */

import { limits } from '../../model/limits.ts';
import type { PeerId } from '../../model/ids.ts';
import { Allowance } from '../allowance.ts';
import { BoundedMap } from '../bounded-map.ts';
import { OldOrigins } from './old-origins.ts';

/** A new offer costs some 0.1 ms to check and pass on: 200 in a second are 2 % of a core. */
const ALL_EVERY_MS = 5;
/** As many as there can be, for a peer that has just come. */
const ALL_MAX = limits.offersMax;
/** It is quiet while more than half of the whole allowance is left. */
const ALL_QUIET_MIN = ALL_MAX / 2;
/** 8 in a second: a job every quarter of a second. */
const QUIET_EVERY_MS = 125;
const QUIET_MAX = 256;
/** Some refreshes of a few long jobs. */
const BUSY_EVERY_MS = 5_000;
const BUSY_MAX = 32;
/** As many as can have an offer in the book. The one not heard of for longest is forgotten. */
const ORIGINS_MAX = limits.offersMax;

/** What each requester may count on while all is quiet. */
export function quietAllowance(): Allowance {
  return new Allowance(QUIET_MAX, QUIET_EVERY_MS);
}

type Rates = { readonly quiet: Allowance; readonly busy: Allowance };

export class OriginRates {
  readonly #all = new Allowance(ALL_MAX, ALL_EVERY_MS);
  readonly #origins = new BoundedMap<PeerId, Rates>(ORIGINS_MAX);
  readonly #old = new OldOrigins();

  /** Whether one more new offer of this requester is taken now. */
  allows(origin: PeerId, nowMs: number): boolean {
    if (!this.#all.has(nowMs)) return this.#old.allows(origin, nowMs);
    const rates = this.#origins.get(origin);
    if (rates === undefined) return true;
    return this.#all.has(nowMs, ALL_QUIET_MIN) ? rates.quiet.has(nowMs) : rates.busy.has(nowMs);
  }

  /** One was taken. */
  spend(origin: PeerId, nowMs: number): void {
    const rates = this.#origins.get(origin) ?? {
      quiet: quietAllowance(),
      busy: new Allowance(BUSY_MAX, BUSY_EVERY_MS),
    };
    this.#origins.put(origin, rates);
    if (this.#all.has(nowMs)) this.#all.spend();
    else this.#old.spend(origin);
    this.#old.heard(origin, nowMs);
    // Never below nothing: what was fine in quiet times is not held against anybody later.
    if (rates.quiet.has(nowMs)) rates.quiet.spend();
    if (rates.busy.has(nowMs)) rates.busy.spend();
  }
}
