/**
 * Links: at most one overlay stream between two peers, whoever dialled.
 *
 * When two peers dial each other at the same moment, the stream that the smaller id dialled is
 * kept. Each peer can tell by itself, because a dialler says hello in the same step in which it
 * finds that it has no link yet to the peer it reached (known once TLS is done). Say S is the
 * smaller id, L the larger:
 * - L's hello reaches S before S has said hello to L: S accepts, and abandons its own dial, whose
 *   hello will never be said.
 * - L's hello reaches S after S has said hello: S refuses L's (ABORTED), and S's reaches L, which
 *   accepts it and forgets its own.
 * - L's hello reaches S even later, when S's own stream is up: connections don't wait for each
 *   other. L has forgotten it by then and its end follows, so S holds it unanswered for a while.
 *   The same hello could also mean that L has closed S's stream or lost it, and dials anew; then
 *   the held stream takes over when the older one ends, or when the while is over.
 * So no stream is ever dropped for another after it was reported, and no message is lost between
 * two.
 */

import { status as Status } from '@grpc/grpc-js';

import type { OverlayMessage } from '../model/messages.ts';
import { type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from '../wire/address.ts';
import {
  decodeOverlay,
  encodeOverlay,
  encodeOverlayHello,
  type OverlaySide,
} from '../wire/overlay-codec.ts';
import type { PeerKey } from '../wire/peer-key.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { Connection } from './connection.ts';
import type { TransportContext } from './context.ts';
import type { CallSide, ClientCall, ServerCall } from './frame-stream.ts';
import { clientSide } from './call-sides.ts';
import { FairPlaces } from './fair-places.ts';
import { MessageStream, type MessageStreamEvents } from './message-stream.ts';
import { ReadPace } from './read-pace.ts';

type Stream = MessageStream<OverlayMessage>;

type Link = { readonly stream: Stream; readonly dialled: boolean };

/** One call of `dial`, until it has ended in its event. */
type Dial = {
  readonly address: string;
  readonly expected: PeerId | undefined;
  stream: Stream | undefined;
  /** Who was reached and told hello. */
  greeted: PeerId | undefined;
  /** Refused in favour of the other's own dial, which is awaited. */
  yieldedTimer: NodeJS.Timeout | undefined;
};

/** A stream that was preferred to this peer's own has said hello already; it is on its way. */
const yieldedMsMax = 5_000;

/** A stream that another peer opened. */
type Accepted = { readonly peer: PeerId; readonly stream: Stream };

/** A stream whose hello came while there was a link that this peer had dialled. */
type Held = { readonly stream: Stream; readonly timer: NodeJS.Timeout };

/**
 * The end of a forgotten stream was sent right after its hello: some retransmissions later at most.
 * Well below what the other side waits for an answer.
 */
const heldMsMax = 1_000;

export class OverlayStreams {
  readonly #context: TransportContext;
  readonly #links = new Map<PeerId, Link>();
  readonly #dials = new Set<Dial>();
  readonly #held = new Map<PeerId, Held>();
  readonly #places = new FairPlaces<Accepted>(limits.overlayStreamsMax);

  constructor(context: TransportContext) {
    this.#context = context;
  }

  dial(address: string, expected: PeerId | undefined): void {
    if (this.#context.closing.aborted) return;
    const dial: Dial = {
      address,
      expected,
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
    const stream: Stream = this.#open('dialled', call, clientSide(call, connection), {
      onHello: () => this.#dialled(dial, stream),
      onMessage: (message) => this.#message(dial.greeted, stream, message),
      onClosed: (details, code, offence) => {
        this.#dialClosed(dial, stream, connection.reasonOf(details, code), code, offence);
      },
    });
    dial.stream = stream;
  }

  /** @param peer the holder of the verified certificate */
  accept(call: ServerCall, side: CallSide, { peer }: PeerKey): void {
    const release = (): void => {
      this.#places.release(accepted);
      side.release();
    };
    const stream: Stream = this.#open(
      'dialler',
      call,
      { ...side, release },
      {
        onHello: () => this.#greetedBy(peer, stream),
        onMessage: (message) => this.#message(peer, stream, message),
        onClosed: (reason, _code, offence) => this.#closed(peer, stream, reason, offence),
      },
    );
    const accepted: Accepted = { peer, stream };
    const evicted = this.#places.take(accepted, stream.remote);
    if (evicted !== accepted) stream.awaitHello();
    if (evicted === undefined) return;
    const reason = 'it has too many overlay streams; try another peer';
    evicted.stream.refuse(Status.RESOURCE_EXHAUSTED, reason);
    this.#closed(evicted.peer, evicted.stream, 'others needed its place', false);
  }

  hangUp(peer: PeerId): void {
    this.#links.get(peer)?.stream.finish();
    this.#links.delete(peer);
    // Not from within this call.
    queueMicrotask(() => this.#takeHeld(peer));
  }

  send(to: PeerId, message: OverlayMessage): void {
    const link = this.#links.get(to);
    if (link === undefined) return;
    link.stream.send(encodeOverlay(link.dialled ? 'dialler' : 'dialled', message));
  }

  /** Forgets all dials and links. */
  closeAll(): void {
    for (const dial of this.#dials) this.#settle(dial);
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
    this.#links.clear();
  }

  /** @param from which of the two the other side is */
  #open(
    from: OverlaySide,
    call: ClientCall | ServerCall,
    side: CallSide,
    events: MessageStreamEvents<OverlayMessage>,
  ): Stream {
    const pace = new ReadPace(call);
    const release = (): void => {
      pace.end();
      side.release();
    };
    const decode = (bytes: Buffer) => {
      pace.read(bytes.length);
      return decodeOverlay(from, bytes);
    };
    return new MessageStream(this.#context, call, { ...side, release }, decode, events);
  }

  /** TLS is done: the one moment to decide whether this dial goes on. */
  #reached(dial: Dial, { peer }: PeerKey): void {
    if (!this.#dials.has(dial)) return;
    if (this.#links.has(peer)) {
      this.#fail(dial, 'there is a link to it already');
      return;
    }
    for (const other of this.#dials) {
      if (other.greeted !== peer) continue;
      this.#fail(dial, `it is being dialled at ${other.address} already`);
      return;
    }
    dial.greeted = peer;
    dial.stream?.send(encodeOverlayHello('dialler'));
    dial.stream?.awaitHello();
  }

  /** The peer that was dialled has said hello: the stream is open. */
  #dialled(dial: Dial, stream: Stream): void {
    const { address, greeted: peer } = dial;
    if (peer === undefined) throw new Error(`${address}: hello before TLS`);
    this.#dials.delete(dial);
    this.#links.set(peer, { stream, dialled: true });
    const { remote } = stream;
    this.#context.emit({ type: 'link-up', peer, direction: 'outgoing', dialled: address, remote });
  }

  /** A peer that dialled has said hello. */
  #greetedBy(peer: PeerId, stream: Stream): void {
    const prevails = this.#context.identity.peer < peer;
    const crossing = this.#dialTo(peer);
    if (prevails && crossing?.greeted === peer && crossing.yieldedTimer === undefined) {
      stream.refuse(Status.ABORTED, 'this peer is dialling that one at the same moment');
    } else if (prevails && this.#links.get(peer)?.dialled === true) {
      this.#hold(peer, stream);
    } else {
      this.#admit(peer, stream);
    }
  }

  /** The dial that said hello to a peer; else one that means to reach it. */
  #dialTo(peer: PeerId): Dial | undefined {
    let meant: Dial | undefined;
    for (const dial of this.#dials) {
      if (dial.greeted === peer) return dial;
      if (dial.expected === peer) meant ??= dial;
    }
    return meant;
  }

  #hold(peer: PeerId, stream: Stream): void {
    // It dials no second time before the first is over.
    const earlier = this.#held.get(peer);
    clearTimeout(earlier?.timer);
    earlier?.stream.finish();
    const timer = setTimeout(() => this.#takeHeld(peer), heldMsMax);
    this.#held.set(peer, { stream, timer });
  }

  #takeHeld(peer: PeerId): void {
    const held = this.#held.get(peer);
    if (held === undefined) return;
    this.#forgetHeld(peer);
    this.#admit(peer, held.stream);
  }

  #forgetHeld(peer: PeerId): void {
    clearTimeout(this.#held.get(peer)?.timer);
    this.#held.delete(peer);
  }

  #admit(peer: PeerId, stream: Stream): void {
    const crossing = this.#dialTo(peer);
    if (crossing !== undefined) this.#settle(crossing);
    // The other side does not dial a peer that it has a link to: it has lost what seems open here.
    const lost = this.#links.get(peer);
    if (lost !== undefined) {
      lost.stream.finish();
      this.#closed(peer, lost.stream, 'it opened a new stream', false);
    }
    stream.send(encodeOverlayHello('dialled'));
    this.#links.set(peer, { stream, dialled: false });
    this.#context.emit({
      type: 'link-up',
      peer,
      direction: 'incoming',
      remote: stream.remote,
      ...(crossing === undefined ? {} : { dialled: crossing.address }),
    });
  }

  #message(from: PeerId | undefined, stream: Stream, message: OverlayMessage): void {
    // Whoever speaks before it is answered is not heard.
    if (from === undefined || this.#links.get(from)?.stream !== stream) return;
    this.#context.emit({ type: 'overlay-message', from, message });
  }

  #dialClosed(
    dial: Dial,
    stream: Stream,
    reason: string,
    code: Status | undefined,
    offence: boolean,
  ): void {
    const { greeted } = dial;
    if (!this.#dials.has(dial)) {
      if (greeted !== undefined) this.#closed(greeted, stream, reason, offence);
    } else if (code === Status.ABORTED && greeted !== undefined) {
      dial.yieldedTimer = setTimeout(() => this.#fail(dial, reason), yieldedMsMax);
    } else {
      this.#fail(dial, reason);
    }
  }

  #closed(peer: PeerId, stream: Stream, reason: string, offence: boolean): void {
    if (this.#held.get(peer)?.stream === stream) this.#forgetHeld(peer);
    if (this.#links.get(peer)?.stream !== stream) return;
    this.#links.delete(peer);
    this.#context.log.debug(
      { peer, reason, offence },
      `lost the link to ${short(peer)}: ${reason}`,
    );
    this.#context.emit({ type: 'link-down', peer, reason, offence });
    this.#takeHeld(peer);
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
}
