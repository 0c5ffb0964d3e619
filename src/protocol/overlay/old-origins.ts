/**
 * Requesters whose offers have come for some minutes without a gap, and that go on while the grid
 * is flooded. Identities are free, so a flood is of new ones: it may use up what is taken of all
 * together (`origin-rates.ts`), and has nothing of what is set aside here, one purse for each.
 *
 * Places are few, and who has one keeps it for as long as its offers go on: whoever comes later
 * waits until somebody falls silent. So a flood pushes nobody out. It may fill the places for a
 * minute, and a patient one for longer; then newcomers are as badly off as without this.
 */

import type { PeerId } from '../../model/ids.ts';
import { Allowance } from '../allowance.ts';

/** A guess: much longer than most floods go unnoticed by whoever pays for them. */
const OLD_MS_MIN = 5 * 60_000;
/** An offer is valid for so long (`requester.ts`): a job that goes on is offered before. */
const SILENT_MS_MAX = 60_000;
/** With the rate of each, 200 offers in a second at most, as many as of all others. */
const ORIGINS_MAX = 1024;
/** Some refreshes of a few long jobs; guesses. */
const OFFERS_MAX = 8;
const OFFER_EVERY_MS = 5_000;

type Origin = { readonly sinceMs: number; readonly heardAtMs: number; readonly left: Allowance };

export class OldOrigins {
  /** The one not heard of for longest first. */
  readonly #origins = new Map<PeerId, Origin>();

  /** An offer of it was taken. */
  heard(origin: PeerId, nowMs: number): void {
    const known = this.#origins.get(origin);
    if (known === undefined && !this.#hasRoom(nowMs)) return;
    const isGap = known === undefined || isSilent(known, nowMs);
    const sinceMs = isGap ? nowMs : known.sinceMs;
    const left = known?.left ?? new Allowance(OFFERS_MAX, OFFER_EVERY_MS);
    this.#origins.delete(origin);
    this.#origins.set(origin, { sinceMs, heardAtMs: nowMs, left });
  }

  /** Whether one more offer of it is taken from what was set aside for it. */
  allows(origin: PeerId, nowMs: number): boolean {
    const known = this.#origins.get(origin);
    if (known === undefined || isSilent(known, nowMs)) return false;
    return nowMs >= known.sinceMs + OLD_MS_MIN && known.left.has(nowMs);
  }

  /** One was, as allowed. */
  spend(origin: PeerId): void {
    this.#origins.get(origin)?.left.spend();
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#origins.size < ORIGINS_MAX) return true;
    for (const [origin, known] of this.#origins) {
      if (!isSilent(known, nowMs)) return false;
      this.#origins.delete(origin);
      return true;
    }
    return false;
  }
}

function isSilent({ heardAtMs }: Origin, nowMs: number): boolean {
  return nowMs > heardAtMs + SILENT_MS_MAX;
}
