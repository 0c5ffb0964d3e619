/** Work streams that volunteers opened to this peer: at most one of each. */

import { status as Status } from '@grpc/grpc-js';

import type { RequesterMessage, VolunteerMessage } from '../model/messages.ts';
import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { PeerKey } from '../wire/peer-key.ts';
import { encodeRequester, encodeRequesterHello } from '../wire/requester-codec.ts';
import {
  decodeVolunteer,
  type DecodedVolunteer,
  type ResultsMessage,
} from '../wire/volunteer-codec.ts';
import type { TransportContext } from './context.ts';
import { FairPlaces } from './fair-places.ts';
import type { CallSide, ServerCall } from './frame-stream.ts';
import { MessageStream } from './message-stream.ts';
import { type PutPlaces, PutServer } from './put-server.ts';

type Stream = MessageStream<DecodedVolunteer>;

type Accepted = { readonly peer: PeerId; readonly stream: Stream };

export class VolunteerStreams {
  readonly #context: TransportContext;
  readonly #volunteers = new Map<PeerId, Stream>();
  readonly #places = new FairPlaces<Accepted>(limits.volunteersMax);
  readonly #values: PutPlaces;
  readonly #puts: PutServer;

  /** @param values where large results are that are put */
  constructor(context: TransportContext, values: PutPlaces) {
    this.#context = context;
    this.#values = values;
    this.#puts = new PutServer(context, values);
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
    this.#puts.gone(peer);
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
        if (message.type !== 'results') this.#emit(peer, message);
        else if (message.put.length === 0) this.#emit(peer, withoutPut(message));
        else void this.#withValues(peer, stream, message);
      },
      onClosed: (reason) => this.#closed(peer, stream, reason),
    });
    return stream;
  }

  /** A large result, from whoever has a work stream. */
  acceptPut(call: ServerCall, side: CallSide, peer: PeerId): void {
    if (this.#volunteers.has(peer)) this.#puts.accept(call, peer);
    else side.refuse(Status.FAILED_PRECONDITION, 'no work stream of yours is open');
  }

  #emit(peer: PeerId, message: VolunteerMessage): void {
    this.#context.emit({ type: 'volunteer-message', from: peer, message });
  }

  /**
   * Results whose values were put: other messages may overtake them. What is not there was not
   * computed, as far as this peer can tell. Never rejects.
   */
  async #withValues(peer: PeerId, stream: Stream, message: ResultsMessage): Promise<void> {
    const replicas = [...message.frame.replicas];
    const { job } = message.frame;
    for (const { index, digest, work } of message.put) {
      const replica = replicas[index];
      // Most likely too late, and not to be read for nothing.
      if (replica === undefined || !this.#values.isWanted(peer, job, replica, 0)) continue;
      const { lease } = replica;
      const value = await this.#values.take({ from: peer, job, lease, digest });
      if (value === undefined) continue;
      replicas[index] = { ...replica, outcome: { type: 'result', digest, value }, work };
    }
    // It will be sent again.
    if (this.#volunteers.get(peer) !== stream) return;
    this.#emit(peer, { type: 'results', frame: { ...message.frame, replicas } });
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
    this.#puts.gone(peer);
    this.#context.log.debug({ peer, reason }, `a volunteer left: ${reason}`);
    this.#context.emit({ type: 'volunteer-down', peer });
  }
}

function withoutPut({ type, frame }: ResultsMessage): VolunteerMessage {
  return { type, frame };
}
