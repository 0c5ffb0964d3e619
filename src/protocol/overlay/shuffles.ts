/**
 * Shuffles: now and then each peer sends a sample of those it knows on a random walk, and whoever
 * is at the end of it swaps it for one of its own. So passive views stay random samples of all the
 * grid, and whoever has gone is forgotten.
 *
 * The paper has the answer sent straight to who began. Here it goes back over the links that the
 * walk came by, since a dial costs more than six messages, and since only who was asked may answer.
 * A walk never comes by the same peer twice, so in a small grid it is short.
 */

import type { PeerId } from '../../model/ids.ts';
import { limits } from '../../model/limits.ts';
import type { MembershipMessage } from '../../model/messages.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { Now } from '../events.ts';
import type { OverlayStep } from './overlay.ts';
import { sample, type Random } from '../random.ts';
import type { Views } from './views.ts';
import { SHUFFLE_EVERY_MS, type WalkPace } from './walk-pace.ts';

/** The paper's: 3 of the active view, 4 of the passive one, the own record; walks as for joins. */
const ACTIVE_SHARE = 3;
const PASSIVE_SHARE = 4;
const SAMPLE_MAX = 1 + ACTIVE_SHARE + PASSIVE_SHARE;
const WALK_HOPS = 6;
/** Shuffles that may still be answered: those of the last four minutes. A guess. */
const UNANSWERED_MAX = 4;
/** Ids are drawn from so many: who has not seen a shuffle does not guess its id. */
const IDS = 2 ** 48;

type Shuffle = Extract<MembershipMessage, { type: 'shuffle' }>;
type ShuffleReply = Extract<MembershipMessage, { type: 'shuffle-reply' }>;

type Begun = { readonly via: PeerId; readonly sent: readonly SignedRecord[] };

export class Shuffles {
  readonly #views: Views;
  readonly #random: Random;
  /** By id. */
  readonly #unanswered = new BoundedMap<number, Begun>(UNANSWERED_MAX);
  #dueAtMs = Infinity;

  constructor(views: Views, random: Random) {
    this.#views = views;
    this.#random = random;
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Sets the next one; spread out, so that peers that started together do not shuffle together. */
  start(nowMs: number): void {
    this.#dueAtMs = nowMs + SHUFFLE_EVERY_MS * (0.5 + this.#random.next());
  }

  begin(now: Now): OverlayStep[] {
    if (now.ms < this.#dueAtMs) return [];
    this.start(now.ms);
    const { active, passive, own, self } = this.#views;
    const to = active.any([]);
    if (to === undefined || active.paces(to)?.shuffle.maySend(now.ms) !== true) return [];
    const told = sample(this.#random, this.#views.told(now.unixMs, to), ACTIVE_SHARE);
    const sent = [...told, ...passive.sample(PASSIVE_SHARE, now.unixMs)];
    const id = Math.floor(this.#random.next() * IDS);
    this.#unanswered.put(id, { via: to, sent });
    const records = [own.signed, ...sent];
    const message = { type: 'shuffle', id, ttl: WALK_HOPS, path: [self], records } as const;
    return [{ type: 'send-overlay', to, message }];
  }

  /** @param from a neighbour */
  shuffle(from: PeerId, message: Shuffle, now: Now): OverlayStep[] {
    const { id, ttl, path, records } = message;
    const { active, self } = this.#views;
    const paces = active.paces(from);
    // Whoever sent it has checked the same of what it got, and adds and takes off one.
    const isWalk = ttl + path.length <= limits.walkHopsMax && isDistinct(path);
    if (!isWalk || path.includes(self) || path.at(-1) !== from) return misbehaved(from);
    const steps = stepsOf(from, paces?.shuffle, now.ms);
    if (steps !== undefined) return steps;
    if (path.length === 1) this.#refresh(records);
    const next = ttl > 0 ? active.any(path) : undefined;
    if (next !== undefined && active.paces(next)?.shuffle.maySend(now.ms) === true) {
      const on = { type: 'shuffle', id, ttl: ttl - 1, path: [...path, self], records } as const;
      return [{ type: 'send-overlay', to: next, message: on }];
    }
    return this.#end(from, message, now);
  }

  /** @param from a neighbour */
  reply(from: PeerId, message: ShuffleReply, now: Now): OverlayStep[] {
    const { id, path, records } = message;
    const { active, self } = this.#views;
    const rest = path.slice(0, -1);
    const isWalk = path.length <= limits.walkHopsMax && isDistinct(path);
    if (!isWalk || path.at(-1) !== self || rest.includes(from)) return misbehaved(from);
    const steps = stepsOf(from, active.paces(from)?.reply, now.ms);
    if (steps !== undefined) return steps;
    const to = rest.at(-1);
    if (to === undefined) {
      this.#answered(from, id, records, now);
      return [];
    }
    if (active.paces(to)?.reply.maySend(now.ms) !== true) return [];
    const on = { type: 'shuffle-reply', id, path: rest, records } as const;
    return [{ type: 'send-overlay', to, message: on }];
  }

  /** Takes what came, and sends back as much: the own record, and some of the passive view. */
  #end(from: PeerId, { id, path, records }: Shuffle, now: Now): OverlayStep[] {
    const { active, passive, own } = this.#views;
    const paces = active.paces(from);
    if (paces === undefined || !paces.ended.has(now.ms)) return [];
    paces.ended.spend();
    const taken = records.slice(0, SAMPLE_MAX);
    const sent = passive.sample(taken.length - 1, now.unixMs);
    this.#views.learn(taken, now, peersOf(sent));
    if (!paces.reply.maySend(now.ms)) return [];
    const message = { type: 'shuffle-reply', id, path, records: [own.signed, ...sent] } as const;
    return [{ type: 'send-overlay', to: from, message }];
  }

  /** Believed if it was asked for, from whom, and once. */
  #answered(from: PeerId, id: number, records: readonly SignedRecord[], now: Now): void {
    const begun = this.#unanswered.get(id);
    if (begun === undefined || begun.via !== from) return;
    this.#unanswered.delete(id);
    this.#views.learn(records.slice(0, SAMPLE_MAX), now, peersOf(begun.sent));
  }

  /** Records of neighbours only: the rest is for who is at the end. */
  #refresh(records: readonly SignedRecord[]): void {
    for (const record of records) this.#views.active.refresh(record);
  }
}

/**
 * No walk comes by anybody twice. Passed on unchecked, a path that somebody made up would have the
 * next one on it find this peer guilty.
 */
function isDistinct(path: readonly PeerId[]): boolean {
  return path.every((peer, index) => path.indexOf(peer) === index);
}

/** What follows from the pace alone; undefined if the message is to be taken. */
function stepsOf(
  from: PeerId,
  pace: WalkPace | undefined,
  nowMs: number,
): OverlayStep[] | undefined {
  const verdict = pace?.received(nowMs) ?? 'drop';
  if (verdict === 'take') return undefined;
  return verdict === 'flood' ? misbehaved(from) : [];
}

function misbehaved(peer: PeerId): OverlayStep[] {
  return [{ type: 'part', peer, because: 'misbehaved' }];
}

function peersOf(records: readonly SignedRecord[]): PeerId[] {
  return records.map(({ record }) => record.peer);
}
