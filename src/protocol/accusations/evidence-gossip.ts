/**
 * Evidence to everybody: whoever has found out whether it is true sends it to its neighbours, and
 * they do the same. Nobody passes on what it has not computed itself. So what is true spreads, as
 * fast as there are idle peers to look into it; what can't be checked gets as far as its sender's
 * own neighbours, whatever the number of names that it is signed with. Flooding first and checking
 * later was tried in a simulation: four peers of 44 that made up one piece in ten seconds filled
 * everybody's books, and what was true was found by one peer in eight.
 *
 * What is false spreads as well, since it shows who accuses wrongly; but seldom, or names that are
 * made up for it would have everybody look into nothing else. What is true about names that are
 * made up to be caught is held back where it is checked (`evidence-checks.ts`).
 *
 * There is little of it, a piece for each liar that was caught, and it is nobody's hurry: each link
 * has a slow pace, and what does not fit waits. Who sends faster than that misbehaves.
 */

import type { EvidenceVerdict, SignedEvidence } from '../../model/evidence.ts';
import type { Digest, PeerId } from '../../model/ids.ts';
import { Allowance } from '../allowance.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { Now } from '../events.ts';
import type { EvidenceBook } from './evidence-book.ts';
import type { OverlayStep } from '../overlay/overlay.ts';

/** Over one link: 400 KB at once, then some 2 KB a second. Guesses. */
const SENT_AT_ONCE_MAX = 8;
const SENT_EVERY_MS = 20_000;
/** Twice of what a correct neighbour sends. Each costs up to 0.4 ms to look at. */
const TAKEN_AT_ONCE_MAX = 2 * SENT_AT_ONCE_MAX;
const TAKEN_EVERY_MS = SENT_EVERY_MS / 2;
/** What a new neighbour is told of. Rotation brings another one every few minutes. A guess. */
const TOLD_FIRST = 4;
/** Pieces of which is known that a neighbour has them; else they may be sent once more. */
const HAD_MAX = 512;

/** Pieces that were found to be false, of all: some at once, then one in a while. Guesses. */
const FALSE_AT_ONCE_MAX = 4;
const FALSE_EVERY_MS = 10 * 60_000;

/** Totals. */
export type EvidenceCounts = {
  /** Pieces that came and were news. */
  received: number;
  /** Pieces sent, to each neighbour. */
  sent: number;
  /** Pieces of this peer itself. */
  published: number;
};

type Link = {
  /** To be sent, the newest last. What the book has dropped meanwhile is not. */
  readonly owed: Set<Digest>;
  readonly had: BoundedMap<Digest, true>;
  readonly sent: Allowance;
  readonly taken: Allowance;
};

export class EvidenceGossip {
  readonly counts: EvidenceCounts = { received: 0, sent: 0, published: 0 };
  readonly #book: EvidenceBook;
  readonly #links = new Map<PeerId, Link>();
  readonly #falseOnes = new Allowance(FALSE_AT_ONCE_MAX, FALSE_EVERY_MS);

  constructor(book: EvidenceBook) {
    this.#book = book;
  }

  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const { owed, sent } of this.#links.values()) {
      if (owed.size > 0) dueAtMs = Math.min(dueAtMs, sent.dueAtMs);
    }
    return dueAtMs;
  }

  neighbourUp(peer: PeerId, now: Now): OverlayStep[] {
    this.#links.set(peer, {
      owed: new Set(this.#book.lastSettled(TOLD_FIRST, now).map(({ id }) => id)),
      had: new BoundedMap(HAD_MAX),
      sent: new Allowance(SENT_AT_ONCE_MAX, SENT_EVERY_MS),
      taken: new Allowance(TAKEN_AT_ONCE_MAX, TAKEN_EVERY_MS),
    });
    return this.tick(now);
  }

  neighbourDown(peer: PeerId): void {
    this.#links.delete(peer);
    this.#book.neighbourDown(peer);
  }

  /** This peer's own. */
  publish(evidence: SignedEvidence, now: Now): OverlayStep[] {
    this.counts.published += 1;
    this.#book.publish(evidence);
    return this.#passOn(evidence.id, now);
  }

  /** This peer has found out whether it is true. */
  settled(id: Digest, verdict: Exclude<EvidenceVerdict, 'unknown'>, now: Now): OverlayStep[] {
    if (verdict === 'false') {
      if (!this.#falseOnes.has(now.ms)) {
        this.#book.drop(id);
        return [];
      }
      this.#falseOnes.spend();
    }
    return this.#passOn(id, now);
  }

  handle(from: PeerId, evidence: SignedEvidence, now: Now): OverlayStep[] {
    const link = this.#links.get(from);
    // On a visit no correct peer sends any.
    if (link === undefined) return [{ type: 'part', peer: from, because: 'misbehaved' }];
    if (!link.taken.has(now.ms)) return [{ type: 'part', peer: from, because: 'misbehaved' }];
    link.taken.spend();
    link.had.put(evidence.id, true);
    link.owed.delete(evidence.id);
    if (this.#book.receive(from, evidence, now)) this.counts.received += 1;
    return [];
  }

  #passOn(id: Digest, now: Now): OverlayStep[] {
    for (const { owed, had } of this.#links.values()) if (had.get(id) === undefined) owed.add(id);
    return this.tick(now);
  }

  /** Sends what is owed, the newest first, as far as the pace allows. */
  tick(now: Now): OverlayStep[] {
    const steps: OverlayStep[] = [];
    for (const [to, { owed, had, sent }] of this.#links) {
      for (const id of [...owed].reverse()) {
        const evidence = this.#book.settled(id);
        if (evidence !== undefined) {
          if (!sent.has(now.ms)) break;
          sent.spend();
          had.put(id, true);
          this.counts.sent += 1;
          steps.push({ type: 'send-overlay', to, message: { type: 'evidence', evidence } });
        }
        owed.delete(id);
      }
    }
    return steps;
  }
}
