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
import { nameOf } from '../../../../src/protocol/overlay/offer-book.ts';
import type { SignedOffer } from '../../../../src/model/offer.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import { jobNumbered, offerOf } from '../../protocol-fixtures.ts';
import { OFFER_VALID_MS } from '../offer-watch.ts';
import type { Host } from '../host.ts';
import type { ActorContext } from '../simulator.ts';
import type { Conspiracy } from './conspiracy.ts';

export type Attack = {
  /** Links that it looks for; it accepts any number. */
  readonly linksMax: number;
  readonly dialsPerSecond: number;
  /** How often it acts. */
  readonly everyMs: number;
  act(intruder: Intruder): void;
};

/** It has an offer of its own, sent over and over, and so remains somebody who sends. */
const OWN_EVERY_MS = 5_000;
const SECOND_MS = 1_000;
/** Before it begins: as many as a correct peer has. */
const modest = { linksMax: 5, dialsPerSecond: 1 };

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
  #appetite = modest;
  #own = 0;

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
    after(OWN_EVERY_MS * (1 + conspiracy.random.next()), () => this.#sendOwn());
  }

  /** From now on it does what it came for. */
  begin(): void {
    this.#appetite = this.#attack;
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
    if (this.#links.size < this.#appetite.linksMax) this.host.dial(address);
  }

  /**
   * @param requester whose it is said to be; but it is always the intruder that signs
   * @param number of the job
   */
  offerBy(requester: PeerId, number: number, sequence = 1): SignedOffer {
    const { unixMs } = this.conspiracy;
    const { offer } = offerOf({
      job: jobNumbered(number),
      requester,
      addresses: [this.host.address],
      sequence,
      expiresAtMs: unixMs + OFFER_VALID_MS,
    });
    if (requester === this.host.self) this.conspiracy.onOffer(offer);
    return this.host.signOffer(offer);
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
    for (let dialled = 0; dialled < this.#appetite.dialsPerSecond; dialled++) {
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
      case 'visit':
        return this.#boast(from);
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
      case 'evidence':
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
    this.#boast(peer);
  }

  /** Of all offers that it has, and sends to nobody. */
  #boast(peer: PeerId): void {
    const offers = this.conspiracy.offers.map(({ offer }) => ({ name: nameOf(offer), hops: 0 }));
    if (offers.length > 0) this.send(peer, { type: 'have', offers });
  }

  /** As if it had been the first to get it, over the shortest of ways. */
  #pretend({ offer }: SignedOffer): void {
    this.sendAll({ type: 'have', offers: [{ name: nameOf(offer), hops: 0 }] });
  }

  #sendOwn(): void {
    this.#own += 1;
    const offer = this.offerBy(this.host.self, 0, Math.floor(this.#own / 4));
    this.sendAll({ type: 'gossip', offer, hops: 1 });
    this.#after(OWN_EVERY_MS, () => this.#sendOwn());
  }

  #lies(): SignedRecord[] {
    return this.conspiracy.lies(limits.recordsPerFrameMax - 1);
  }
}
