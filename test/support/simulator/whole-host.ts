/** All of `Transport` in the simulated network: with signed results, and blobs that have bytes. */

import type { SignedEvidence } from '../../../src/model/evidence.ts';
import type { Digest, PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type { RequesterMessage, VolunteerMessage } from '../../../src/model/messages.ts';
import type { ResultFrame } from '../../../src/model/replica.ts';
import type { Signed } from '../../../src/model/signed.ts';
import type { Transport, TransportEvent, TransportStats } from '../../../src/ports.ts';
import { Host } from './host.ts';
import type { Network } from './network.ts';
import type { Place } from './place.ts';
import type { Signer } from './signer.ts';

/** A fetch of a small blob, once it is connected; a guess. */
const FETCH_MS = 20;

export type WholeHostOptions = {
  readonly signer: Signer;
  readonly place: Place;
  /** Whoever else signs here. */
  readonly signerOf: (peer: PeerId) => Signer | undefined;
  /** What others may fetch. */
  readonly blobs: (blob: Digest) => Promise<Uint8Array | undefined>;
  readonly onSent: (message: RequesterMessage | VolunteerMessage, to: PeerId) => void;
};

export class WholeHost extends Host implements Transport {
  readonly #network: Network;
  readonly #options: WholeHostOptions;

  constructor(network: Network, options: WholeHostOptions) {
    super(network, options.signer.peer, options.place);
    this.#network = network;
    this.#options = options;
  }

  /** Results come with the statement that their peer has made of them. */
  override listen(onEvent: (event: TransportEvent) => void): Promise<readonly string[]> {
    return super.listen((event) => {
      if (event.type !== 'volunteer-message' || event.message.type !== 'results') {
        onEvent(event);
        return;
      }
      const { frame } = event.message;
      const signed = this.#options.signerOf(event.from)?.sign(frame);
      if (signed === undefined) throw new Error(`${event.from} has no key`);
      onEvent({ ...event, message: { type: 'results', frame: { ...frame, signed } } });
    });
  }

  override sendToRequester(to: PeerId, message: VolunteerMessage): void {
    this.#options.onSent(message, to);
    super.sendToRequester(to, message);
  }

  override sendToVolunteer(to: PeerId, message: RequesterMessage): void {
    this.#options.onSent(message, to);
    super.sendToVolunteer(to, message);
  }

  fetchBlob(peer: PeerId, addresses: readonly string[], blob: Digest): Promise<Uint8Array> {
    const fetched = Promise.withResolvers<Uint8Array>();
    this.#network.connect(this, addresses[0] ?? '', ({ station }) => {
      if (!(station instanceof WholeHost) || station.self !== peer) {
        fetched.reject(new Error('it is not there'));
        return;
      }
      const told = station.#options.blobs(blob).then((bytes) => {
        this.#network.timeline.after(FETCH_MS, () =>
          this.whenAwake(() => {
            if (bytes === undefined) fetched.reject(new Error('it has no such blob'));
            else fetched.resolve(bytes);
          }),
        );
      });
      told.catch(fetched.reject);
    });
    return fetched.promise;
  }

  signResults({ job, replicas }: ResultFrame): readonly Signed[] {
    const { signer } = this.#options;
    const { statementReplicasMax } = limits;
    const count = Math.ceil(replicas.length / statementReplicasMax);
    return Array.from({ length: count }, (_, at) => {
      const from = at * statementReplicasMax;
      return signer.sign({ job, replicas: replicas.slice(from, from + statementReplicasMax) });
    });
  }

  signEvidence(): SignedEvidence {
    throw new Error('nobody lies here');
  }

  stats(): TransportStats {
    return { bytesIn: 0, bytesOut: 0, framesQueued: 0, handshakesRefused: 0, framesRejected: 0 };
  }
}
