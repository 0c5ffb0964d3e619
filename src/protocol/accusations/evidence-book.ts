/**
 * The evidence against others that this peer holds: what it has found out itself, and what it was
 * told and has still to check. What is told is only a hint at work that would be worth doing. So of
 * each neighbour little of it is held: who brings much is in nobody's way but its own, whatever the
 * number of names that it was signed with.
 */

import type { SignedEvidence } from '../../model/evidence.ts';
import type { Digest, PeerId } from '../../model/ids.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { Now } from '../events.ts';
import type { Standings } from '../standings.ts';

/** Unchecked pieces that one neighbour has brought. With 48 KiB each, and 5 neighbours: 4 MiB. */
const UNCHECKED_EACH_MAX = 16;
/** Pieces of which this peer knows whether they are true, to be passed on; 6 MiB at most. */
const SETTLED_MAX = 128;
/** Of this peer itself: as many as a large job catches, more or less. A guess. */
export const OWN_EVIDENCE_MAX = 64;
/** An accuser keeps program and input for so long. */
export const EVIDENCE_LIVES_MS = 24 * 3_600_000;
/** Clocks of honest machines differ. */
const AHEAD_MS_MAX = 15 * 60_000;
/** Pieces that are done with, and are not taken again; 64 bytes each. */
const OVER_MAX = 1_024;

export type HeldEvidence = {
  readonly signed: SignedEvidence;
  /** The neighbours that brought it; undefined for those that are none any more. */
  readonly from: Set<PeerId | undefined>;
  /** Times that it could not be told whether it is true. */
  tries: number;
  /** It is not tried again before. */
  notBeforeMs: number;
};

export class EvidenceBook {
  readonly #self: PeerId;
  readonly #standings: Standings;
  /** Both with the newest last. */
  readonly #settled = new Map<Digest, SignedEvidence>();
  readonly #unchecked = new Map<Digest, HeldEvidence>();
  readonly #over = new BoundedMap<Digest, true>(OVER_MAX);

  constructor(self: PeerId, standings: Standings) {
    this.#self = self;
    this.#standings = standings;
  }

  /** Whether there is anything that this peer might check, some time. */
  get hasUnchecked(): boolean {
    return this.#unchecked.size > 0;
  }

  /** What may be checked now. Of who is refused by now there is nothing to find out. */
  due(nowMs: number): HeldEvidence[] {
    for (const [id, { signed }] of this.#unchecked) {
      if (this.#isPointless(signed)) this.drop(id);
    }
    return [...this.#unchecked.values()].filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
  }

  /** What this peer knows to be true or false. */
  settled(id: Digest): SignedEvidence | undefined {
    return this.#settled.get(id);
  }

  /**
   * What this peer knows to be true or false: first the newest of each accuser, so that one with
   * much to tell is in no other's way.
   * @returns so many, the oldest first
   */
  lastSettled(countMax: number, { unixMs }: Now): SignedEvidence[] {
    this.#expire(unixMs);
    const all = [...this.#settled.values()];
    const newest = new Map(all.map((signed) => [signed.evidence.accuser, signed]));
    const isNewest = (signed: SignedEvidence): boolean =>
      newest.get(signed.evidence.accuser) === signed;
    const others = all.filter((signed) => !isNewest(signed));
    const told = new Set([...others, ...all.filter(isNewest)].slice(-countMax));
    return all.filter((signed) => told.has(signed));
  }

  /** Of this peer itself. */
  publish(signed: SignedEvidence): void {
    const own = [...this.#settled.values()].filter(
      ({ evidence }) => evidence.accuser === this.#self,
    );
    const [oldest] = own;
    if (own.length >= OWN_EVIDENCE_MAX && oldest !== undefined) this.drop(oldest.id);
    this.#addSettled(signed);
  }

  /** @returns whether it is news */
  receive(from: PeerId, signed: SignedEvidence, { unixMs }: Now): boolean {
    const { id, evidence } = signed;
    this.#expire(unixMs);
    const known = this.#unchecked.get(id);
    known?.from.add(from);
    if (known !== undefined || this.#settled.has(id) || this.#over.get(id) === true) return false;
    if (isOld(signed, unixMs) || evidence.issuedAtMs > unixMs + AHEAD_MS_MAX) return false;
    if (this.#isPointless(signed)) return false;
    this.#unchecked.set(id, { signed, from: new Set([from]), tries: 0, notBeforeMs: 0 });
    this.#trim(from);
    return true;
  }

  /** What it brought is kept with what others did that are gone. */
  neighbourDown(peer: PeerId): void {
    for (const { from } of this.#unchecked.values()) if (from.delete(peer)) from.add(undefined);
    this.#trim(undefined);
  }

  /** It is true, or it is false: either shows somebody to be dishonest. */
  settle(id: Digest): void {
    const piece = this.#unchecked.get(id);
    if (piece === undefined) return;
    this.#unchecked.delete(id);
    this.#addSettled(piece.signed);
  }

  /** It could not be told whether it is true; after some tries it is given up. */
  postpone(id: Digest, notBeforeMs: number, triesMax: number): void {
    const piece = this.#unchecked.get(id);
    if (piece === undefined) return;
    piece.tries += 1;
    piece.notBeforeMs = notBeforeMs;
    if (piece.tries >= triesMax) this.drop(id);
  }

  /** There is no point in it any more. */
  drop(id: Digest): void {
    this.#settled.delete(id);
    this.#unchecked.delete(id);
    this.#over.put(id, true);
  }

  /** Said by this peer in an earlier run, or about it; by who is refused, or about one. */
  #isPointless({ evidence: { accuser, culprit } }: SignedEvidence): boolean {
    if (accuser === this.#self || culprit === this.#self) return true;
    return this.#standings.isCaught(accuser) || this.#standings.isCaught(culprit);
  }

  #addSettled(signed: SignedEvidence): void {
    this.#settled.set(signed.id, signed);
    const [oldest] = this.#settled.keys();
    if (this.#settled.size > SETTLED_MAX && oldest !== undefined) this.drop(oldest);
  }

  /** What somebody else brought as well stays, or one could push out what others bring. */
  #trim(bringer: PeerId | undefined): void {
    const brought = [...this.#unchecked].filter(([, { from }]) => from.has(bringer));
    for (const [id, { from }] of brought.slice(0, -UNCHECKED_EACH_MAX)) {
      from.delete(bringer);
      if (from.size === 0) this.#unchecked.delete(id);
    }
  }

  #expire(unixMs: number): void {
    for (const [id, { signed }] of this.#unchecked) if (isOld(signed, unixMs)) this.drop(id);
    for (const [id, signed] of this.#settled) if (isOld(signed, unixMs)) this.drop(id);
  }
}

function isOld({ evidence }: SignedEvidence, unixMs: number): boolean {
  return evidence.issuedAtMs + EVIDENCE_LIVES_MS <= unixMs;
}
