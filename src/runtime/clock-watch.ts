/**
 * Tells the owner of a time of day that is wrong. Offers and records are dated: a peer that is some
 * minutes off takes others' offers for expired, or has its own taken so, and looks as if there were
 * no work and no volunteers. Nobody else notices, so it has to find out itself: whoever links up
 * shows a record that it has signed lately, and when most of those are off the same way, then it is
 * this clock that is.
 *
 * And of time that was skipped: where the two clocks of this machine part, somebody has set one of
 * them, or the machine has slept.
 */

import { durationText } from '../model/amounts.ts';
import type { PeerId } from '../model/ids.ts';
import type { SignedRecord } from '../model/peer-record.ts';
import type { Now, PeerEvent } from '../protocol/events.ts';
import type { Logger } from './log.ts';

/** A record is signed anew at this age (`protocol/overlay/own-record.ts`). */
const RECORD_AGE_MS_MAX = 30 * 60_000;
/** Less harms nobody: it is well within what offers are valid for, at either end. */
const OFF_MS_MIN = 2 * 60_000;
/** The last ones to link up, each counted once; fewer than three are no majority of anything. */
const WITNESSES_MAX = 9;
const WITNESSES_MIN = 3;
const TOLD_EVERY_MS = 3_600_000;
/** Two clocks of one machine part by milliseconds a minute. */
const SKIPPED_MS_MIN = 30_000;

export class ClockWatch {
  readonly #log: Logger;
  /** How far this clock is ahead of each, at least; negative where it is behind. */
  readonly #aheadMs = new Map<PeerId, number>();
  #toldAtMs = -Infinity;
  #last: Now | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  observe(event: PeerEvent, now: Now): void {
    this.#compareClocks(now);
    const record = event.type === 'overlay-message' ? ownRecordIn(event) : undefined;
    if (record === undefined) return;
    const { peer, sequence } = record.record;
    this.#aheadMs.delete(peer);
    this.#aheadMs.set(peer, aheadMs(sequence, now.unixMs));
    const [oldest] = this.#aheadMs.keys();
    if (this.#aheadMs.size > WITNESSES_MAX && oldest !== undefined) this.#aheadMs.delete(oldest);
    this.#tellIfWrong(now);
  }

  #tellIfWrong({ ms }: Now): void {
    const offs = [...this.#aheadMs.values()].sort((a, b) => a - b);
    // More than half are off at least so far, the same way.
    const middle = offs[Math.floor(offs.length / 2)] ?? 0;
    const other = offs[Math.ceil(offs.length / 2) - 1] ?? 0;
    const offMs = Math.sign(middle) === Math.sign(other) ? middle : 0;
    if (offs.length < WITNESSES_MIN || offMs === 0) return;
    if (ms - this.#toldAtMs < TOLD_EVERY_MS) return;
    this.#toldAtMs = ms;
    const way = offMs > 0 ? 'ahead' : 'behind';
    this.#log.warn(
      { offMs },
      `the clock of this machine is ${durationText(Math.abs(offMs))} or more ${way}, by those of ` +
        'most peers that it has met: set it right, or it finds no work and no volunteers',
    );
  }

  #compareClocks(now: Now): void {
    const last = this.#last;
    this.#last = now;
    if (last === undefined) return;
    const skippedMs = now.unixMs - last.unixMs - (now.ms - last.ms);
    if (Math.abs(skippedMs) < SKIPPED_MS_MIN) return;
    // What was found out before was of another time.
    this.#aheadMs.clear();
    this.#toldAtMs = -Infinity;
    const skipped = durationText(Math.abs(skippedMs));
    if (skippedMs < 0) this.#log.warn({ skippedMs }, `the clock was set back by ${skipped}`);
    else {
      const text = `this machine has slept for ${skipped}, or its clock was set ahead`;
      this.#log.info({ skippedMs }, text);
    }
  }
}

/** 0 for what can be with two clocks that are right. */
function aheadMs(signedAtMs: number, unixMs: number): number {
  const ageMs = unixMs - signedAtMs;
  if (ageMs < -OFF_MS_MIN) return ageMs;
  return ageMs > RECORD_AGE_MS_MAX + OFF_MS_MIN ? ageMs - RECORD_AGE_MS_MAX : 0;
}

/** Its sender's, signed by itself not long ago. */
function ownRecordIn({
  from,
  message,
}: Extract<PeerEvent, { type: 'overlay-message' }>): SignedRecord | undefined {
  switch (message.type) {
    case 'join':
    case 'neighbour':
    case 'visit':
    case 'accept':
      return message.record.record.peer === from ? message.record : undefined;
    default:
      return undefined;
  }
}
