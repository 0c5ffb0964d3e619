/**
 * Which evidence this peer looks into, and when: one piece at a time, while it has nothing else to
 * compute, and so seldom that nobody can have it compute for nothing by accusing others. What comes
 * out decides whom it refuses: the accused if the evidence is true, the accuser if it is false.
 * Accusing is as dear as lying then, and nobody has to be believed.
 *
 * About peers that this one has never met, it looks into a few pieces of each network from which
 * they come (`evidence-sources.ts`): names that are made up to be caught would keep all peers busy
 * with what is true and helps nobody.
 *
 * Only what came out exactly as the accuser says makes it true. Anything else says nothing: where a
 * program does not give the same on all machines, an honest peer would look like a liar.
 */

import type { SignedEvidence } from '../../model/evidence.ts';
import { type PeerId, short } from '../../model/ids.ts';
import type { Effect, Now, PeerEvent } from '../events.ts';
import type { EvidenceBook, HeldEvidence } from './evidence-book.ts';
import { EvidenceSources } from './evidence-sources.ts';
import type { Random } from '../random.ts';
import { whyWrong } from '../standings.ts';

/** With nothing to compute for so long, a peer is idle: between two leases it is for less. */
const IDLE_MS_MIN = 5_000;
/** While there is something to check, it is looked so often whether this peer is idle. */
const LOOK_EVERY_MS = 1_000;
/** One piece in so long, at most. A guess. */
const CHECK_EVERY_MS = 60_000;
/** And a tenth of one slot's time, at most: a slow accuser costs nothing but its turn. */
const REST_FACTOR = 9;
/** Where it could not be told: its accuser may be away. */
const TRIES_MAX = 3;
const TRY_AGAIN_MS = 10 * 60_000;

/** Totals. */
export type CheckCounts = { proven: number; refuted: number; unknown: number };

/** Who is to be refused, and why, for a person: "it ...". */
export type Finding = { readonly peer: PeerId; readonly why: string };

type Checked = Extract<PeerEvent, { type: 'evidence-checked' }>;

type Running = {
  readonly evidence: SignedEvidence;
  readonly startedMs: number;
  /** Whether this peer had to do with the accused. */
  readonly isMet: boolean;
};

export class EvidenceChecks {
  readonly counts: CheckCounts = { proven: 0, refuted: 0, unknown: 0 };
  readonly #book: EvidenceBook;
  readonly #random: Random;
  readonly #sources = new EvidenceSources();
  #running: Running | undefined;
  #lookAtMs = 0;

  constructor(book: EvidenceBook, random: Random) {
    this.#book = book;
    this.#random = random;
  }

  get dueAtMs(): number {
    const isWaiting = this.#running === undefined && this.#book.hasUnchecked;
    return isWaiting ? this.#lookAtMs : Infinity;
  }

  /**
   * @param idleSinceMs undefined while this peer computes, or is not to
   * @param isMet whether this peer has, or had, to do with that one
   */
  tick(now: Now, idleSinceMs: number | undefined, isMet: (peer: PeerId) => boolean): Effect[] {
    if (now.ms < this.dueAtMs) return [];
    this.#lookAtMs = now.ms + LOOK_EVERY_MS;
    if (idleSinceMs === undefined || now.ms < idleSinceMs + IDLE_MS_MIN) return [];
    const piece = this.#choose(now.ms, isMet);
    if (piece === undefined) return [];
    const { culprit } = piece.signed.evidence;
    this.#running = { evidence: piece.signed, startedMs: now.ms, isMet: isMet(culprit) };
    return [{ type: 'check-evidence', evidence: piece.signed }];
  }

  /** @returns whom that shows to be dishonest */
  checked({ id, verdict, ranMs, address }: Checked, nowMs: number): Finding | undefined {
    const running = this.#running;
    if (running?.evidence.id !== id) return undefined;
    this.#running = undefined;
    const tookMs = nowMs - running.startedMs;
    const restMs = Math.max(CHECK_EVERY_MS - tookMs, REST_FACTOR * ranMs);
    this.#lookAtMs = nowMs + restMs;
    const { evidence } = running.evidence;
    if (verdict === 'unknown') {
      this.counts.unknown += 1;
      this.#book.postpone(id, nowMs + TRY_AGAIN_MS, TRIES_MAX);
      return undefined;
    }
    this.#book.settle(id);
    const isCharged = verdict === 'false' || !running.isMet;
    if (isCharged && address !== undefined) this.#sources.spend(address, nowMs);
    if (verdict === 'true') {
      this.counts.proven += 1;
      return { peer: evidence.culprit, why: whyWrong(evidence.job, evidence) };
    }
    this.counts.refuted += 1;
    const what = `chunk ${evidence.chunk} of job ${short(evidence.job)}`;
    const why = `accused ${short(evidence.culprit)} of a wrong result that is right: ${what}`;
    return { peer: evidence.accuser, why };
  }

  /**
   * First one of those that brought some, by chance: so that no neighbour has this peer look into
   * nothing but what it brings. Of that one about a peer that this one has met, or else one from
   * where the fewest came of late.
   */
  #choose(nowMs: number, isMet: (peer: PeerId) => boolean): HeldEvidence | undefined {
    const weight = ({ signed: { evidence } }: HeldEvidence): number =>
      isMet(evidence.culprit) ? Infinity : this.#sources.left(evidence, nowMs);
    const due = this.#book.due(nowMs).map((piece) => ({ piece, weight: weight(piece) }));
    const allowed = due.filter(({ weight }) => weight >= 1);
    const bringer = this.#oneOf([...new Set(allowed.flatMap(({ piece }) => [...piece.from]))]);
    const brought = allowed.filter(({ piece }) => piece.from.has(bringer));
    const most = Math.max(...brought.map(({ weight }) => weight));
    return this.#oneOf(brought.filter(({ weight }) => weight === most))?.piece;
  }

  #oneOf<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random.next() * items.length)];
  }
}
