/**
 * Somebody who is a member in good standing by all that its neighbours see: it joins, accepts
 * everybody, answers pings and shuffles, and announces offers, before anybody else does. It just
 * never passes anything on, and all that it tells is what suits it. What else it does is up to its
 * attack (`attacks.ts`).
 */

import { unreachable } from '../../../../src/model/errors.ts';
import type { PeerId } from '../../../../src/model/ids.ts';
import { limits } from '../../../../src/model/limits.ts';
import type { OverlayMessage, TransportEvent } from '../../../../src/model/messages.ts';
import { nameOf } from '../../../../src/protocol/offer-book.ts';
import type { SignedOffer } from '../../../../src/model/offer.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import type { Host } from '../host.ts';
import type { ActorContext } from '../simulator.ts';
import type { Conspiracy } from './conspiracy.ts';

export type Attack = {
  readonly linksMax: number;
  readonly dialsPerSecond: number;
  /** How often it acts. */
  readonly everyMs: number;
  act(intruder: Intruder): void;
};

/** It sends at last what it said it had, and so remains somebody who sends. */
const LATE_MS = 3_000;
const SECOND_MS = 1_000;

export class Intruder {
  readonly host: Host;
  readonly conspiracy: Conspiracy;
  readonly record: SignedRecord;
  /** Accepted on both sides. */
  readonly neighbours = new Set<PeerId>();
  /** Acts so far. */
  acts = 0;
  readonly #attack: Attack;
  readonly #after: ActorContext['after'];
  readonly #links = new Set<PeerId>();

  /** @param entrances addresses that it has heard of */
  constructor(
    { host, after }: ActorContext,
    conspiracy: Conspiracy,
    attack: Attack,
    entrances: readonly string[],
  ) {
    this.host = host;
    this.conspiracy = conspiracy;
    this.#attack = attack;
    this.#after = after;
    this.record = conspiracy.recordOf(host.self, host.address);
    conspiracy.members.set(host.self, this.record);
    conspiracy.onHeard((offer) => this.#pretend(offer));
    after(0, () => {
      for (const address of entrances) this.dial(address);
    });
    after(SECOND_MS * (1 + conspiracy.random.next()), () => this.#recruit());
  }

  /** From now on it does what it came for. */
  begin(): void {
    this.#after(this.#attack.everyMs * this.conspiracy.random.next(), () => this.#act());
  }

  handle(event: TransportEvent): void {
    switch (event.type) {
      case 'link-up':
        this.#links.add(event.peer);
        if (event.direction === 'outgoing') this.#ask(event.peer);
        return;
      case 'link-down':
        this.#links.delete(event.peer);
        this.neighbours.delete(event.peer);
        return;
      case 'overlay-message':
        return this.#message(event.from, event.message);
      default:
    }
  }

  send(to: PeerId, message: OverlayMessage): void {
    this.host.sendOverlay(to, message);
  }

  sendAll(message: OverlayMessage): void {
    for (const to of this.neighbours) this.send(to, message);
  }

  dial(address: string): void {
    if (this.#links.size < this.#attack.linksMax) this.host.dial(address);
  }

  #act(): void {
    this.acts += 1;
    this.#attack.act(this);
    this.#after(this.#attack.everyMs, () => this.#act());
  }

  /** Dials whom the conspiracy knows, as long as it has too few links. */
  #recruit(): void {
    const { victims, random } = this.conspiracy;
    const records = [...victims.values()];
    for (let dialled = 0; dialled < this.#attack.dialsPerSecond; dialled++) {
      const { record } = records[Math.floor(random.next() * records.length)] ?? {};
      const address = record?.addresses[0];
      if (address !== undefined && !this.#links.has(record?.peer ?? this.host.self)) {
        this.dial(address);
      }
    }
    this.#after(SECOND_MS, () => this.#recruit());
  }

  /** As one who is cut off, whom nobody refuses. */
  #ask(to: PeerId): void {
    const { record } = this;
    const isNew = this.conspiracy.random.next() < 0.5;
    this.send(
      to,
      isNew ? { type: 'join', record } : { type: 'neighbour', record, priority: 'high' },
    );
  }

  #message(from: PeerId, message: OverlayMessage): void {
    const { conspiracy, record } = this;
    switch (message.type) {
      case 'join':
      case 'neighbour':
        conspiracy.learn([message.record]);
        this.send(from, { type: 'accept', record, peers: this.#lies() });
        return this.#befriend(from);
      case 'accept':
        conspiracy.learn([message.record, ...message.peers]);
        return this.#befriend(from);
      case 'refuse':
        return conspiracy.learn(message.peers);
      case 'disconnect':
        this.#links.delete(from);
        this.neighbours.delete(from);
        return this.host.hangUp(from);
      case 'forward-join':
        return conspiracy.learn([message.record]);
      case 'shuffle': {
        const { id, path } = message;
        conspiracy.learn(message.records);
        return this.send(from, { type: 'shuffle-reply', id, path, records: this.#lies() });
      }
      case 'shuffle-reply':
        return conspiracy.learn(message.records);
      case 'gossip':
        return conspiracy.hear(message.offer);
      case 'ping':
        return this.send(from, { type: 'pong', id: message.id });
      case 'probe':
        // Whoever it is, it is dead.
        return this.send(from, { type: 'probe-result', id: message.id, reached: false });
      case 'pong':
      case 'probe-result':
      case 'have':
      case 'graft':
      case 'want':
      case 'prune':
        return;
      default:
        return unreachable(message);
    }
  }

  #befriend(peer: PeerId): void {
    this.neighbours.add(peer);
    const offers = this.conspiracy.offers.map(({ offer }) => ({ name: nameOf(offer), hops: 0 }));
    if (offers.length > 0) this.send(peer, { type: 'have', offers });
  }

  /** As if it had been the first to get it, over the shortest of ways. */
  #pretend(signed: SignedOffer): void {
    this.sendAll({ type: 'have', offers: [{ name: nameOf(signed.offer), hops: 0 }] });
    this.#after(LATE_MS, () => this.sendAll({ type: 'gossip', offer: signed, hops: 1 }));
  }

  #lies(): SignedRecord[] {
    return this.conspiracy.lies(limits.recordsPerFrameMax - 1);
  }
}
