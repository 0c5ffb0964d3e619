/**
 * Who has heard of which offer, and when. It is found out from outside: an offer was accepted by a
 * peer when one came, and the peer counted it neither as a copy nor as refused. What was accepted
 * is compared with what was ever signed by the one whose offer it is said to be, object by object
 * and without the network's own check of signatures.
 */

import type { JobId, PeerId } from '../../../src/model/ids.ts';
import type { Offer } from '../../../src/model/offer.ts';
import type { Effect, PeerEvent } from '../../../src/protocol/events.ts';
import { jobNumbered, specOf } from '../protocol-fixtures.ts';
import type { SimulatedPeer } from './simulated-peer.ts';
import type { Simulator } from './simulator.ts';

/** As long as a requester's offers are valid (`protocol/requester/requester.ts`). */
export const OFFER_VALID_MS = 60_000;

export type Publication = {
  readonly offer: Offer;
  readonly by: SimulatedPeer;
  readonly atMs: number;
  /** When each peer heard of it, the one that published it included. */
  readonly heardAtMs: Map<SimulatedPeer, number>;
};

export class OfferWatch {
  readonly publications: Publication[] = [];
  readonly #simulator: Simulator;
  readonly #byOffer = new Map<Offer, Publication>();
  /** Signed by who is no peer, but did so himself. */
  readonly #others = new Set<Offer>();
  /** Offers that each peer had accepted when it was last looked at. */
  readonly #accepted = new Map<SimulatedPeer, number>();
  #jobs = 0;
  #forged = 0;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  /** Offers that were accepted although their requester had not signed them. */
  get forged(): number {
    return this.#forged;
  }

  /**
   * A peer offers a job that nobody will compute, which is all the same to the overlay.
   * @param job one that was offered before, if it is offered again
   */
  publish(by: SimulatedPeer, job = this.#newJob(), sequence = 1): JobId {
    const { name, runtime, program, programBytes, limits } = specOf();
    const signed = by.host.signOffer({
      job,
      requester: by.self,
      addresses: [by.address],
      name,
      runtime,
      program,
      programBytes,
      limits,
      sequence,
      replicasOpen: 1,
      closed: false,
      expiresAtMs: by.now().unixMs + OFFER_VALID_MS,
    });
    this.#simulator.handle(by, { type: 'offer-signed', offer: signed });
    return job;
  }

  /** It was signed by its requester, who is an actor. */
  noteOther(offer: Offer): void {
    this.#others.add(offer);
  }

  /** To be called by the simulator's observer for each event. */
  observe(peer: SimulatedPeer, event: PeerEvent, effects: readonly Effect[]): void {
    if (event.type === 'offer-signed') this.#note(event.offer.offer, peer);
    if (event.type !== 'overlay-message' || event.message.type !== 'gossip') return;
    const { seen, duplicate, refused, overRate } = peer.peer.offerCounts;
    const accepted = seen - duplicate - refused - overRate;
    const before = this.#accepted.get(peer) ?? 0;
    this.#accepted.set(peer, accepted);
    if (accepted === before || hangsUp(effects, event.from)) return;
    const { offer } = event.message.offer;
    const publication = this.#byOffer.get(offer);
    if (publication !== undefined) this.#heard(publication, peer);
    else if (!this.#others.has(offer)) this.#forged += 1;
  }

  #newJob(): JobId {
    this.#jobs += 1;
    return jobNumbered(this.#jobs);
  }

  #note(offer: Offer, by: SimulatedPeer): void {
    const { nowMs } = this.#simulator;
    const publication = { offer, by, atMs: nowMs, heardAtMs: new Map([[by, nowMs]]) };
    this.publications.push(publication);
    this.#byOffer.set(offer, publication);
  }

  #heard({ heardAtMs }: Publication, peer: SimulatedPeer): void {
    if (!heardAtMs.has(peer)) heardAtMs.set(peer, this.#simulator.nowMs);
  }
}

/** It was counted as seen, but for more than can be borne. */
function hangsUp(effects: readonly Effect[], from: PeerId): boolean {
  return effects.some((effect) => effect.type === 'hang-up' && effect.peer === from);
}
