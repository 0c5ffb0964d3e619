/**
 * `Transport` of `ports.ts` in the simulated network, for one process. It keeps the same promises;
 * but for `listen`, whose promise is kept before it returns, nothing here is asynchronous.
 */

import type { PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type {
  OverlayMessage,
  RequesterMessage,
  TransportEvent,
  VolunteerMessage,
} from '../../../src/model/messages.ts';
import type { Offer, SignedOffer } from '../../../src/model/offer.ts';
import type { PeerRecord, SignedRecord } from '../../../src/model/peer-record.ts';
import type { Receipt, SignedReceipt } from '../../../src/model/receipt.ts';
import type { Transport } from '../../../src/ports.ts';
import type { Network } from './network.ts';
import { OverlayEnds } from './overlay-ends.ts';
import type { Place } from './place.ts';
import { signOffer, signReceipt, signRecord } from './signature.ts';
import { Station } from './station.ts';
import type { StreamEnd } from './stream-end.ts';
import { WorkEnds } from './work-ends.ts';

/** Blobs have no bytes, results no signatures; nobody is accused of any, or reads statistics. */
type SimulatedTransport = Omit<Transport, 'fetchBlob' | 'signEvidence' | 'signResults' | 'stats'>;

export class Host extends Station implements SimulatedTransport {
  readonly #network: Network;
  readonly #overlay: OverlayEnds;
  readonly #work: WorkEnds;
  #onEvent: (event: TransportEvent) => void = () => undefined;

  constructor(network: Network, self: PeerId, place: Place) {
    super(self, place);
    this.#network = network;
    const emit = (event: TransportEvent): void => {
      if (this.state === 'up') this.#onEvent(event);
    };
    this.#overlay = new OverlayEnds(this, network, emit);
    this.#work = new WorkEnds(this, network, emit);
  }

  get address(): string {
    return this.place.address;
  }

  listen(onEvent: (event: TransportEvent) => void): Promise<readonly string[]> {
    this.#onEvent = onEvent;
    this.#network.listen(this);
    return Promise.resolve([this.address]);
  }

  dial(address: string, expected?: PeerId): void {
    this.#overlay.dial(address, expected);
  }

  hangUp(peer: PeerId): void {
    this.#overlay.hangUp(peer);
  }

  sendOverlay(to: PeerId, message: OverlayMessage): void {
    this.#overlay.send(to, message);
  }

  openWork(requester: PeerId, addresses: readonly string[]): void {
    this.#work.open(requester, addresses);
  }

  closeWork(requester: PeerId): void {
    this.#work.close(requester);
  }

  sendToRequester(to: PeerId, message: VolunteerMessage): void {
    this.#work.sendToRequester(to, message);
  }

  sendToVolunteer(to: PeerId, message: RequesterMessage): void {
    this.#work.sendToVolunteer(to, message);
  }

  closeVolunteer(volunteer: PeerId): void {
    this.#work.closeVolunteer(volunteer);
  }

  signOffer(offer: Offer): SignedOffer {
    if (offer.requester === this.self) this.#network.offered.add(`${this.self} ${offer.job}`);
    return signOffer(this.self, offer);
  }

  signRecord(record: PeerRecord): SignedRecord {
    const addresses = record.addresses.slice(0, limits.peerAddressesMax);
    const features = record.features.slice(0, limits.featuresMax);
    return signRecord(this.self, { ...record, addresses, features });
  }

  signReceipt(receipt: Receipt): SignedReceipt {
    return signReceipt(this.self, receipt);
  }

  close(): Promise<void> {
    this.crash('killed');
    return Promise.resolve();
  }

  acceptOverlay(end: StreamEnd<OverlayMessage, OverlayMessage>): void {
    this.#overlay.accept(end);
  }

  acceptWork(end: StreamEnd<VolunteerMessage, RequesterMessage>): void {
    this.#work.accept(end);
  }

  /** Whether the peer has been told of a stream to that one, and not of its end. */
  isLinked(peer: PeerId): boolean {
    return this.#overlay.has(peer);
  }
}
