/**
 * What it takes to bring offers to everybody: how many payloads, over how many links, how long. It
 * looks at nothing but the messages that carry offers, and so costs a large simulation little.
 */

import type { JobId } from '../../../src/model/ids.ts';
import type { PeerEvent } from '../../../src/protocol/events.ts';
import { OfferWatch } from './offer-watch.ts';
import type { SimulatedPeer } from './simulated-peer.ts';
import type { Simulator } from './simulator.ts';

export class Delivery {
  readonly by: SimulatedPeer;
  readonly #beganAtMs: number;
  readonly #reached = new Set<SimulatedPeer>();
  #payloads = 0;
  #lastHops = 0;
  #lastMs = 0;

  constructor(by: SimulatedPeer, atMs: number) {
    this.by = by;
    this.#beganAtMs = atMs;
  }

  /** A payload has come. */
  count(peer: SimulatedPeer, hops: number, atMs: number): void {
    this.#payloads += 1;
    if (peer === this.by || this.#reached.has(peer)) return;
    this.#reached.add(peer);
    this.#lastHops = Math.max(this.#lastHops, hops);
    this.#lastMs = atMs - this.#beganAtMs;
  }

  /** Plumtree's last delivery hop: links over which the first payload came to the last peer. */
  get lastHops(): number {
    return this.#lastHops;
  }

  /** From the beginning until the last peer was reached. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** @param peers who should have it, the one that published it included */
  reachedShare(peers: readonly SimulatedPeer[]): number {
    const reached = peers.filter((peer) => peer === this.by || this.#reached.has(peer));
    return reached.length / peers.length;
  }

  /** Plumtree's relative message redundancy: 0 if nobody got a payload more than once. */
  redundancy(peers: readonly SimulatedPeer[]): number {
    return this.#payloads / (peers.length - 1) - 1;
  }
}

export class DeliveryWatch {
  readonly #simulator: Simulator;
  readonly #offers: OfferWatch;
  readonly #deliveries = new Map<JobId, Delivery>();

  /** It is the simulator's observer from now on. */
  constructor(simulator: Simulator) {
    this.#simulator = simulator;
    this.#offers = new OfferWatch(simulator);
    simulator.observer = (peer, event) => this.#observe(peer, event);
  }

  publish(by: SimulatedPeer): Delivery {
    const delivery = new Delivery(by, this.#simulator.nowMs);
    this.#deliveries.set(this.#offers.publish(by), delivery);
    return delivery;
  }

  #observe(peer: SimulatedPeer, event: PeerEvent): void {
    if (event.type !== 'overlay-message' || event.message.type !== 'gossip') return;
    const { offer, hops } = event.message;
    this.#deliveries.get(offer.offer.job)?.count(peer, hops, this.#simulator.nowMs);
  }
}
