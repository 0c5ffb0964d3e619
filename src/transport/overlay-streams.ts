/**
 * Neighbours: at most one overlay stream between two peers, whoever dialled.
 *
 * When two peers dial each other at the same moment, the stream that the smaller id dialled is
 * kept. Each peer can tell by itself, because a dialler says hello in the same step in which it
 * finds that the peer it reached (known once TLS is done) is not a neighbour yet. Say S is the
 * smaller id, L the larger:
 * - L's hello reaches S before S has said hello to L: S accepts, and abandons its own dial, whose
 *   hello will never be said.
 * - L's hello reaches S after S has said hello: S refuses L's (ABORTED), and S's reaches L, which
 *   accepts it and forgets its own.
 * So no stream is ever dropped after it was reported, and no message is lost between two.
 */

import { status as Status } from '@grpc/grpc-js';

import type { OverlayMessage } from '../model/messages.ts';
import { type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from '../wire/address.ts';
import type { HelloFrame } from '../wire/hello.ts';
import { decodeOverlay, encodeOverlay, encodeOverlayHello } from '../wire/overlay-codec.ts';
import type { PeerKey } from '../wire/peer-key.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { Connection } from './connection.ts';
import type { TransportContext } from './context.ts';
import type { CallSide, ServerCall } from './frame-stream.ts';
import { clientSide } from './call-sides.ts';
import { MessageStream } from './message-stream.ts';

type Stream = MessageStream<OverlayMessage>;

type Neighbour = { readonly stream: Stream; readonly dialled: boolean };

/** One call of `dial`, until it has ended in one event or none. */
type Dial = {
  readonly address: string;
  /** Neighbours there were when it began: to tell a crossing stream from an older one. */
  readonly olderNeighbours: ReadonlySet<PeerId>;
  stream: Stream | undefined;
  /** Who was reached and told hello. */
  greeted: PeerId | undefined;
  /** Refused in favour of the other's own dial, which is awaited. */
  yieldedTimer: NodeJS.Timeout | undefined;
};

/** A stream that was preferred to this peer's own has said hello already; it is on its way. */
const yieldedMsMax = 5_000;

export class OverlayStreams {
  readonly #context: TransportContext;
  readonly #neighbours = new Map<PeerId, Neighbour>();
  readonly #dials = new Set<Dial>();
  #accepted = 0;

  constructor(context: TransportContext) {
    this.#context = context;
  }

  dial(address: string, expected: PeerId | undefined): void {
    if (this.#context.closing.aborted) return;
    const olderNeighbours = new Set(this.#neighbours.keys());
    const dial: Dial = {
      address,
      olderNeighbours,
      stream: undefined,
      greeted: undefined,
      yieldedTimer: undefined,
    };
    this.#dials.add(dial);
    if (!isAddress(address)) {
      queueMicrotask(() => this.#fail(dial, 'it is not "host:port"'));
      return;
    }
    const connection = new Connection(this.#context, address, expected, (key) => {
      this.#reached(dial, key);
    });
    const call = connection.openStream(loadPeerProto().overlay.Exchange.path);
    const decode = (bytes: Buffer) => decodeOverlay('dialled', bytes);
    dial.stream = new MessageStream(this.#context, call, clientSide(call, connection), decode, {
      onHello: (hello) => this.#dialled(dial, hello),
      onMessage: (message) => this.#message(dial.greeted, message),
      onClosed: (reason, code) => this.#dialClosed(dial, connection.reasonOf(reason, code), code),
    });
  }

  /** @param peer the holder of the verified certificate */
  accept(call: ServerCall, side: CallSide, { peer }: PeerKey): void {
    this.#accepted += 1;
    const released = { ...side, release: () => this.#acceptedOver(side) };
    const decode = (bytes: Buffer) => decodeOverlay('dialler', bytes);
    const stream: Stream = new MessageStream(this.#context, call, released, decode, {
      onHello: (hello) => this.#greetedBy(peer, hello, stream),
      onMessage: (message) => this.#message(peer, message),
      onClosed: (reason) => this.#closed(peer, stream, reason),
    });
    if (this.#accepted > limits.overlayStreamsMax) {
      stream.refuse(Status.RESOURCE_EXHAUSTED, 'it has too many overlay streams; try another peer');
    } else {
      stream.awaitHello();
    }
  }

  hangUp(peer: PeerId): void {
    this.#neighbours.get(peer)?.stream.finish();
    this.#neighbours.delete(peer);
  }

  send(to: PeerId, message: OverlayMessage): void {
    const neighbour = this.#neighbours.get(to);
    if (neighbour === undefined) return;
    neighbour.stream.send(encodeOverlay(neighbour.dialled ? 'dialler' : 'dialled', message));
  }

  /** Forgets all dials and neighbours. */
  close(): void {
    for (const dial of this.#dials) this.#settle(dial);
    this.#neighbours.clear();
  }

  /** TLS is done: the one moment to decide whether this dial goes on. */
  #reached(dial: Dial, { peer }: PeerKey): void {
    if (!this.#dials.has(dial)) return;
    if (this.#neighbours.has(peer)) {
      if (dial.olderNeighbours.has(peer)) this.#fail(dial, 'it is a neighbour already');
      else this.#settle(dial);
      return;
    }
    for (const other of this.#dials) {
      if (other.greeted !== peer) continue;
      this.#fail(dial, `it is being dialled at ${other.address} already`);
      return;
    }
    dial.greeted = peer;
    dial.stream?.send(encodeOverlayHello('dialler', this.#context.addresses));
    dial.stream?.awaitHello();
  }

  /** The peer that was dialled has said hello: the stream is open. */
  #dialled(dial: Dial, hello: HelloFrame): void {
    const { address, greeted: peer, stream } = dial;
    if (peer === undefined || stream === undefined) throw new Error(`${address}: hello before TLS`);
    this.#dials.delete(dial);
    this.#neighbours.set(peer, { stream, dialled: true });
    this.#context.emit({
      type: 'neighbour-up',
      peer,
      addresses: hello.addresses,
      direction: 'outgoing',
      dialled: address,
    });
  }

  /** A peer that dialled has said hello. */
  #greetedBy(peer: PeerId, hello: HelloFrame, stream: Stream): void {
    const crossing = Array.from(this.#dials).find(({ greeted }) => greeted === peer);
    if (crossing !== undefined) {
      const isPreferred = this.#context.identity.peer < peer && crossing.yieldedTimer === undefined;
      if (isPreferred) {
        stream.refuse(Status.ABORTED, 'this peer is dialling that one at the same moment');
        return;
      }
      this.#settle(crossing);
    }
    // The other side would not dial a neighbour: it has lost the stream that seems open from here.
    const lost = this.#neighbours.get(peer);
    if (lost !== undefined) {
      lost.stream.finish();
      this.#closed(peer, lost.stream, 'it opened a new stream');
    }
    stream.send(encodeOverlayHello('dialled', this.#context.addresses));
    this.#neighbours.set(peer, { stream, dialled: false });
    this.#context.emit({
      type: 'neighbour-up',
      peer,
      addresses: hello.addresses,
      direction: 'incoming',
      ...(crossing === undefined ? {} : { dialled: crossing.address }),
    });
  }

  #message(from: PeerId | undefined, message: OverlayMessage): void {
    if (from !== undefined) this.#context.emit({ type: 'overlay-message', from, message });
  }

  #dialClosed(dial: Dial, reason: string, code: Status | undefined): void {
    const { greeted, stream } = dial;
    if (!this.#dials.has(dial)) {
      if (greeted !== undefined && stream !== undefined) this.#closed(greeted, stream, reason);
    } else if (code === Status.ABORTED && greeted !== undefined) {
      dial.yieldedTimer = setTimeout(() => this.#fail(dial, reason), yieldedMsMax);
    } else {
      this.#fail(dial, reason);
    }
  }

  #closed(peer: PeerId, stream: Stream, reason: string): void {
    if (this.#neighbours.get(peer)?.stream !== stream) return;
    this.#neighbours.delete(peer);
    this.#context.log.info({ peer, reason }, `lost neighbour ${short(peer)}: ${reason}`);
    this.#context.emit({ type: 'neighbour-down', peer, reason });
  }

  #fail(dial: Dial, reason: string): void {
    if (!this.#dials.has(dial)) return;
    const { address } = dial;
    this.#settle(dial);
    this.#context.log.debug({ address, reason }, `could not connect to ${address}: ${reason}`);
    this.#context.emit({ type: 'dial-failed', address, reason });
  }

  /** Ends a dial without an event. */
  #settle(dial: Dial): void {
    this.#dials.delete(dial);
    clearTimeout(dial.yieldedTimer);
    dial.stream?.refuse(Status.CANCELLED, 'not needed');
  }

  #acceptedOver(side: CallSide): void {
    this.#accepted -= 1;
    side.release();
  }
}
