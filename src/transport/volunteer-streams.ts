/** Work streams that volunteers opened to this peer: at most one of each. */

import { status as Status } from '@grpc/grpc-js';

import type { RequesterMessage, VolunteerMessage } from '../model/messages.ts';
import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { PeerKey } from '../wire/peer-key.ts';
import { encodeRequester, encodeRequesterHello } from '../wire/requester-codec.ts';
import { decodeVolunteer } from '../wire/volunteer-codec.ts';
import type { TransportContext } from './context.ts';
import { FairPlaces } from './fair-places.ts';
import type { CallSide, ServerCall } from './frame-stream.ts';
import { MessageStream } from './message-stream.ts';

type Stream = MessageStream<VolunteerMessage>;

type Accepted = { readonly peer: PeerId; readonly stream: Stream };

export class VolunteerStreams {
  readonly #context: TransportContext;
  readonly #volunteers = new Map<PeerId, Stream>();
  readonly #places = new FairPlaces<Accepted>(limits.volunteersMax);

  constructor(context: TransportContext) {
    this.#context = context;
  }

  /** @param volunteer the holder of the verified certificate, whose key signs the results */
  accept(call: ServerCall, side: CallSide, volunteer: PeerKey): void {
    const { peer } = volunteer;
    const release = (): void => {
      this.#places.release(accepted);
      side.release();
    };
    const stream = this.#open(call, { ...side, release }, volunteer);
    const accepted: Accepted = { peer, stream };
    const evicted = this.#places.take(accepted, stream.remote);
    if (evicted !== accepted) stream.awaitHello();
    if (evicted === undefined) return;
    const reason = 'it has too many volunteers; try later';
    evicted.stream.refuse(Status.RESOURCE_EXHAUSTED, reason);
    this.#closed(evicted.peer, evicted.stream, 'others needed its place');
  }

  send(to: PeerId, message: RequesterMessage): void {
    const stream = this.#volunteers.get(to);
    if (stream === undefined) return;
    for (const frame of encodeRequester(message)) stream.send(frame);
  }

  close(peer: PeerId): void {
    const stream = this.#volunteers.get(peer);
    this.#volunteers.delete(peer);
    stream?.finish();
  }

  /** Forgets all volunteers. */
  closeAll(): void {
    this.#volunteers.clear();
  }

  #open(call: ServerCall, side: CallSide, volunteer: PeerKey): Stream {
    const { peer } = volunteer;
    const decode = (bytes: Buffer) => decodeVolunteer(bytes, volunteer);
    const stream: Stream = new MessageStream(this.#context, call, side, decode, {
      onHello: () => this.#up(peer, stream),
      onMessage: (message) => {
        this.#context.emit({ type: 'volunteer-message', from: peer, message });
      },
      onClosed: (reason) => this.#closed(peer, stream, reason),
    });
    return stream;
  }

  #up(peer: PeerId, stream: Stream): void {
    // A volunteer opens one stream: it has lost the one that seems open from here.
    const lost = this.#volunteers.get(peer);
    if (lost !== undefined) {
      lost.finish();
      this.#closed(peer, lost, 'it opened a new stream');
    }
    stream.send(encodeRequesterHello());
    this.#volunteers.set(peer, stream);
    this.#context.emit({ type: 'volunteer-up', peer, remote: stream.remote });
  }

  #closed(peer: PeerId, stream: Stream, reason: string): void {
    if (this.#volunteers.get(peer) !== stream) return;
    this.#volunteers.delete(peer);
    this.#context.log.debug({ peer, reason }, `a volunteer left: ${reason}`);
    this.#context.emit({ type: 'volunteer-down', peer });
  }
}
