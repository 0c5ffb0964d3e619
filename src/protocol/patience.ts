/** How long to wait before thinking the worst of somebody: the formulas, apart from the timers. */

/**
 * How long a peer is suspected before it counts as gone. Starts at the longest and falls with each
 * peer that does not reach it either: steeply at first, because the first independent word says
 * most. Lifeguard (Dadgar, Phillips, Currey 2018, section IV-B), as hashicorp/memberlist computes
 * it in `remainingSuspicionTime`.
 *
 * @param confirmations that it is not reached
 * @param wanted confirmations that bring the shortest time; with none to be had it stays longest
 */
export function suspicionMs(
  confirmations: number,
  wanted: number,
  msMin: number,
  msMax: number,
): number {
  if (wanted === 0) return msMax;
  const share = Math.log(confirmations + 1) / Math.log(wanted + 1);
  return Math.max(Math.floor(msMax - share * (msMax - msMin)), msMin);
}

/** Timers fire late by some milliseconds; by more than this when the machine is busy; a guess. */
const LATE_MS_MAX = 250;

/**
 * What a timer that fired late says about this peer's own health: one point, and one more for each
 * second. So a pause of three seconds makes it four times as patient.
 *
 * @param lateMs negative for one that came early
 */
export function lateness(lateMs: number): number {
  return lateMs <= LATE_MS_MAX ? 0 : 1 + Math.floor(lateMs / 1_000);
}

/** Times that waiting is doubled: up to a minute or so, about as long as a lease lasts. A guess. */
const DOUBLINGS_MAX = 3;

/**
 * Twice as long for each time that a peer was given up and came back: its frames may be so large,
 * or its link so slow, that an answer has to wait behind them for longer than was thought.
 */
export function patienceMs(baseMs: number, returns: number): number {
  return baseMs * 2 ** Math.min(returns, DOUBLINGS_MAX);
}
