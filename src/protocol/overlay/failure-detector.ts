/**
 * Whether neighbours are still there. A link that breaks is told by the transport; this finds those
 * that stay open and silent: a machine without power, a cut cable, a process that hangs.
 *
 * Every few seconds this peer looks at all its links. Who has said nothing for a while gets a ping,
 * and who has said nothing by a later look is suspected: a few other neighbours are asked whether
 * they reach it. If none does it is parted with as dead, and the sooner the more of them say so. If
 * one does, the link is parted with after some more time, because it is of no use either way. Any
 * word from the suspect ends all that, since any message is a sign of life.
 *
 * SWIM (Das, Gupta, Motivala 2002) with Lifeguard's patience (`awareness.ts`, `patience.ts`). SWIM
 * pings a random member of all in each round; here only neighbours matter, and each is watched by
 * whoever is linked to it. A timer for each link was rejected: one look at five links costs less
 * than five timers, and it makes a ping and a pong in 10 s all that an idle link costs.
 */

import { unreachable } from '../../model/errors.ts';
import type { PeerId } from '../../model/ids.ts';
import type { LivenessMessage } from '../../model/messages.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import type { Awareness } from '../awareness.ts';
import { answer, Errands } from './errands.ts';
import type { Effect, Now } from '../events.ts';
import type { OverlayStep, PartReason } from './overlay.ts';
import { type Random, sample } from '../random.ts';
import { Suspicion, SUSPICION_MS_MIN } from './suspicion.ts';

const LOOK_EVERY_MS = 5_000;
/** At the first look after so long, a silent link gets a ping: every 10 s on the average. */
const IDLE_MS = 8_000;
/**
 * For the pong, so that the next look finds it overdue. A peer that freezes for three seconds and
 * then loses a packet, which TCP sends again after a second at most, is in time.
 */
const PONG_MS = 4_500;
/** Others who are asked about a suspect: SWIM's and memberlist's k. */
const ASKED_MAX = 3;

/** Totals since the start: of peers that were parted with, by why, and of suspects. */
export type FailureCounts = Record<PartReason, number> & {
  /** Neighbours that did not answer a ping; some do after all. */
  suspected: number;
};

type Link = {
  readonly record: SignedRecord;
  heardAtMs: number;
  /** When the ping went out that is not answered; Infinity for none. */
  pingedAtMs: number;
  pingId: number;
};

export class FailureDetector {
  readonly counts: FailureCounts = { suspected: 0, dead: 0, unreachable: 0, misbehaved: 0 };
  readonly #awareness: Awareness;
  readonly #random: Random;
  /** All neighbours: as few as membership lets in. */
  readonly #links = new Map<PeerId, Link>();
  readonly #suspicions = new Map<PeerId, Suspicion>();
  readonly #errands = new Errands();
  #lastId = 0;
  #lookAtMs = Infinity;
  /** The next look, or the next thing that is due with a suspect. */
  #judgeAtMs = Infinity;

  constructor(awareness: Awareness, random: Random) {
    this.#awareness = awareness;
    this.#random = random;
  }

  get dueAtMs(): number {
    return Math.min(this.#judgeAtMs, this.#errands.dueAtMs);
  }

  neighbourUp(record: SignedRecord, nowMs: number): void {
    const { peer } = record.record;
    this.#suspicions.delete(peer);
    this.#links.set(peer, { record, heardAtMs: nowMs, pingedAtMs: Infinity, pingId: 0 });
    // At random, so that peers which started together don't look at the same time for ever.
    if (this.#lookAtMs === Infinity) this.#lookAtMs = nowMs + this.#random.next() * LOOK_EVERY_MS;
    this.#schedule();
  }

  neighbourDown(peer: PeerId): OverlayStep[] {
    this.#links.delete(peer);
    this.#suspicions.delete(peer);
    if (this.#links.size === 0) this.#lookAtMs = Infinity;
    this.#schedule();
    return this.#errands.neighbourDown(peer);
  }

  /** Any message of anybody. Suspicions end at the next `tick`. */
  heard(peer: PeerId, nowMs: number): void {
    const link = this.#links.get(peer);
    if (link !== undefined) link.heardAtMs = nowMs;
  }

  /** @param from a neighbour, of whom it was `heard` already */
  handle(
    from: PeerId,
    message: Exclude<LivenessMessage, { type: 'ping' }>,
    now: Now,
  ): OverlayStep[] {
    switch (message.type) {
      case 'pong':
        return this.#pong(from, message.id);
      case 'probe':
        return this.#probe(from, message.id, message.record, now.ms);
      case 'probe-result':
        for (const suspicion of this.#suspicions.values()) {
          if (suspicion.id === message.id) suspicion.heed(from, message.reached);
        }
        this.#schedule();
        return [];
      default:
        return unreachable(message);
    }
  }

  /**
   * @param dialled by this peer, and where
   * @returns what others wanted to know; and a `hang-up` if it was dialled for them alone
   */
  linkUp(peer: PeerId, dialled: string | undefined): OverlayStep[] {
    return this.#errands.linkUp(peer, dialled);
  }

  /** @returns undefined if it was not dialled for another's probe */
  dialFailed(address: string): OverlayStep[] | undefined {
    return this.#errands.dialFailed(address);
  }

  tick({ ms }: Now): OverlayStep[] {
    const steps: OverlayStep[] = this.#errands.tick(ms);
    if (ms < this.#judgeAtMs) return steps;
    if (this.#suspicions.size > 0) steps.push(...this.#judge(ms));
    if (ms >= this.#lookAtMs) {
      this.#lookAtMs = this.#links.size > 0 ? ms + LOOK_EVERY_MS : Infinity;
      steps.push(...this.#look(ms));
    }
    this.#schedule();
    return steps;
  }

  #pong(from: PeerId, id: number): OverlayStep[] {
    const link = this.#links.get(from);
    if (link !== undefined && link.pingId === id && link.pingedAtMs !== Infinity) {
      link.pingedAtMs = Infinity;
      if (!this.#suspicions.has(from)) this.#awareness.answered();
    }
    return this.#errands.reached(from) ?? [];
  }

  #probe(from: PeerId, id: number, { record }: SignedRecord, nowMs: number): OverlayStep[] {
    const link = this.#links.get(record.peer);
    if (link !== undefined && nowMs < link.heardAtMs + LOOK_EVERY_MS) {
      return [answer(from, id, true)];
    }
    return this.#errands.ask(from, id, record, link !== undefined, nowMs);
  }

  #look(nowMs: number): OverlayStep[] {
    const steps: OverlayStep[] = [];
    const silent: PeerId[] = [];
    for (const [peer, link] of this.#links) {
      if (this.#suspicions.has(peer)) continue;
      if (link.heardAtMs >= link.pingedAtMs) link.pingedAtMs = Infinity;
      if (link.pingedAtMs !== Infinity) {
        if (nowMs >= this.#awareness.deadlineMs(link.pingedAtMs, PONG_MS)) silent.push(peer);
      } else if (nowMs >= link.heardAtMs + IDLE_MS) {
        steps.push(this.#ping(peer, link, nowMs));
      }
    }
    if (silent.length > 0) steps.push(...this.#suspect(silent, nowMs));
    return steps;
  }

  #ping(peer: PeerId, link: Link, nowMs: number): Effect {
    link.pingedAtMs = nowMs;
    link.pingId = this.#nextId();
    return { type: 'send-overlay', to: peer, message: { type: 'ping', id: link.pingId } };
  }

  #suspect(silent: readonly PeerId[], nowMs: number): Effect[] {
    const effects: Effect[] = [];
    const others = [...this.#links.keys()].filter(
      (peer) => !this.#suspicions.has(peer) && !silent.includes(peer),
    );
    for (const peer of silent) {
      const link = this.#links.get(peer);
      if (link === undefined) continue;
      this.counts.suspected += 1;
      const id = this.#nextId();
      const asked = sample(this.#random, others, ASKED_MAX);
      this.#suspicions.set(peer, new Suspicion(id, nowMs, asked));
      const message = { type: 'probe', id, record: link.record } as const;
      effects.push(...asked.map((to): Effect => ({ type: 'send-overlay', to, message })));
    }
    return effects;
  }

  #judge(nowMs: number): OverlayStep[] {
    this.#clear();
    this.#countAnswers(nowMs);
    const steps: OverlayStep[] = [];
    for (const [peer, suspicion] of this.#suspicions) {
      if (!suspicion.isDue || nowMs < this.#deadlineMs(suspicion)) continue;
      this.#suspicions.delete(peer);
      this.#links.delete(peer);
      steps.push({ type: 'part', peer, because: suspicion.verdict });
    }
    return steps;
  }

  /** Those who were heard are suspects no more. */
  #clear(): void {
    for (const [peer, { sinceMs }] of this.#suspicions) {
      const heardAtMs = this.#links.get(peer)?.heardAtMs ?? Infinity;
      if (heardAtMs >= sinceMs) this.#suspicions.delete(peer);
    }
  }

  /** Where nobody answered in time, that says something about this peer. */
  #countAnswers(nowMs: number): void {
    let isLonely = false;
    for (const suspicion of this.#suspicions.values()) {
      if (suspicion.isDue || nowMs < this.#deadlineMs(suspicion)) continue;
      suspicion.isDue = true;
      isLonely ||= suspicion.isLonely;
    }
    // Once, however many are suspected: they are signs of one trouble.
    if (isLonely) this.#awareness.missed();
  }

  /** When a suspicion has to be looked at again. */
  #deadlineMs({ sinceMs, isDue, patienceMs }: Suspicion): number {
    return this.#awareness.deadlineMs(sinceMs, isDue ? patienceMs : SUSPICION_MS_MIN);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #schedule(): void {
    this.#judgeAtMs = this.#lookAtMs;
    for (const suspicion of this.#suspicions.values()) {
      this.#judgeAtMs = Math.min(this.#judgeAtMs, this.#deadlineMs(suspicion));
    }
  }
}
