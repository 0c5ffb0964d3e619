/**
 * A host's overlay streams, at most one with each peer. Of two dialled at the same moment the one
 * that the smaller id dialled is kept; how both sides can tell is said in
 * `transport/overlay-streams.ts`, whose steps these are.
 */

import type { PeerId } from '../../../src/model/ids.ts';
import { short } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type { OverlayMessage, TransportEvent } from '../../../src/model/messages.ts';
import { breachOf } from './frame-check.ts';
import type { Network, Reached } from './network.ts';
import type { Station } from './station.ts';
import { type Ending, StreamEnd } from './stream-end.ts';

type End = StreamEnd<OverlayMessage, OverlayMessage>;

/** One call of `dial`, until it has ended in its event. */
type Dial = {
  readonly address: string;
  readonly expected: PeerId | undefined;
  end: End | undefined;
  /** Who was reached and told hello. */
  greeted: PeerId | undefined;
  /** Refused in favour of the other's own dial, which is awaited. */
  hasYielded: boolean;
};

type Link = {
  readonly peer: PeerId;
  readonly end: End;
  readonly direction: 'outgoing' | 'incoming';
  /** Its `link-up` was told, and not its end. */
  isUp: boolean;
};

/** As in `transport/message-stream.ts` and `transport/overlay-streams.ts`. */
const HELLO_MS_MAX = 5_000;
const YIELDED_MS_MAX = 5_000;
const HELD_MS_MAX = 1_000;

export class OverlayEnds {
  readonly #station: Station;
  readonly #network: Network;
  readonly #emit: (event: TransportEvent) => void;
  readonly #links = new Map<PeerId, Link>();
  readonly #dials = new Set<Dial>();
  /** Streams whose hello came while there was a link that this peer had dialled. */
  readonly #held = new Map<PeerId, Link>();

  constructor(station: Station, network: Network, emit: (event: TransportEvent) => void) {
    this.#station = station;
    this.#network = network;
    this.#emit = emit;
  }

  /** Whether the peer has been told of a stream, and not of its end. */
  has(peer: PeerId): boolean {
    return this.#links.has(peer);
  }

  dial(address: string, expected: PeerId | undefined): void {
    const dial: Dial = {
      address,
      expected,
      end: undefined,
      greeted: undefined,
      hasYielded: false,
    };
    this.#dials.add(dial);
    this.#network.connect(this.#station, address, (reached) => this.#reached(dial, reached));
  }

  /** A peer has dialled; its hello is on its way. */
  accept(end: End): void {
    const { self: peer } = end.peerStation;
    const link: Link = { peer, end, direction: 'incoming', isUp: false };
    end.listen({
      hello: () => this.#greetedBy(link),
      message: (message) => this.#message(link, message),
      closed: (reason) => this.#closed(link, reason, false),
    });
  }

  hangUp(peer: PeerId): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    this.#links.delete(peer);
    link.isUp = false;
    link.end.finish();
    this.#takeHeldAfter(peer, 0);
  }

  send(to: PeerId, message: OverlayMessage): void {
    this.#links.get(to)?.end.send(message);
  }

  /** The one moment to decide whether a dial goes on. */
  #reached(dial: Dial, reached: Reached): void {
    if (!this.#dials.has(dial)) return;
    const { station } = reached;
    if (station === undefined) {
      this.#fail(dial, reached.reason);
      return;
    }
    const { self: peer } = station;
    const refusal = this.#refusalOf(dial, peer);
    if (refusal !== undefined) {
      this.#fail(dial, refusal);
    } else {
      this.#greet(dial, station, reached.betweenMs);
    }
  }

  #refusalOf(dial: Dial, peer: PeerId): string | undefined {
    if (peer === this.#station.self) return 'it is this peer itself';
    if (dial.expected !== undefined && dial.expected !== peer) {
      return `it is another peer: ${short(peer)}, not ${short(dial.expected)}`;
    }
    if (this.#links.has(peer)) return 'there is a link to it already';
    for (const other of this.#dials) {
      if (other.greeted === peer) return `it is being dialled at ${other.address} already`;
    }
    return undefined;
  }

  #greet(dial: Dial, station: Station, betweenMs: number): void {
    const { self: peer } = station;
    const [end, theirs] = StreamEnd.pair<OverlayMessage, OverlayMessage>(
      this.#network,
      this.#station,
      station,
      betweenMs,
    );
    dial.greeted = peer;
    dial.end = end;
    const link: Link = { peer, end, direction: 'outgoing', isUp: false };
    end.listen({
      hello: () => {
        if (this.#dials.delete(dial)) this.#linkUp(link, dial.address);
      },
      message: (message) => this.#message(link, message),
      closed: (reason, ending) => this.#dialClosed(dial, link, reason, ending),
    });
    station.acceptOverlay(theirs);
    end.sendHello();
    this.#failAfter(dial, HELLO_MS_MAX, 'no hello within 5 s');
  }

  /** A peer that dialled has said hello. */
  #greetedBy(link: Link): void {
    const { peer, end } = link;
    if (this.#countIncoming() >= limits.overlayStreamsMax) {
      end.refuse('it has too many overlay streams; try another peer', 'refused');
      return;
    }
    const prevails = this.#station.self < peer;
    const crossing = this.#dialTo(peer);
    if (prevails && crossing?.greeted === peer && !crossing.hasYielded) {
      end.refuse('this peer is dialling that one at the same moment', 'aborted');
    } else if (prevails && this.#links.get(peer)?.direction === 'outgoing') {
      this.#held.get(peer)?.end.finish();
      this.#held.set(peer, link);
      this.#takeHeldAfter(peer, HELD_MS_MAX);
    } else {
      this.#admit(link);
    }
  }

  #takeHeldAfter(peer: PeerId, ms: number): void {
    const held = this.#held.get(peer);
    if (held === undefined) return;
    this.#network.timeline.after(ms, () => {
      this.#station.whenAwake(() => {
        if (this.#held.get(peer) === held) this.#takeHeld(peer);
      });
    });
  }

  #takeHeld(peer: PeerId): void {
    const held = this.#held.get(peer);
    this.#held.delete(peer);
    if (held !== undefined) this.#admit(held);
  }

  #admit(link: Link): void {
    const { peer } = link;
    const crossing = this.#dialTo(peer);
    if (crossing !== undefined) this.#settle(crossing);
    // The other side does not dial a peer that it has a link to: it has lost what seems open here.
    const lost = this.#links.get(peer);
    if (lost !== undefined) {
      lost.end.finish();
      this.#closed(lost, 'it opened a new stream', false);
    }
    link.end.sendHello();
    this.#linkUp(link, crossing?.address);
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

  #countIncoming(): number {
    let count = 0;
    for (const { direction } of this.#links.values()) if (direction === 'incoming') count += 1;
    return count;
  }

  #linkUp(link: Link, dialled?: string): void {
    const { peer, end, direction } = link;
    this.#links.set(peer, link);
    link.isUp = true;
    const { ip: remote } = end.peerStation.place;
    const up = { type: 'link-up', peer, direction, remote } as const;
    this.#emit(dialled === undefined ? up : { ...up, dialled });
  }

  #message(link: Link, message: OverlayMessage): void {
    // Whoever speaks before it is answered is not heard.
    if (!link.isUp) return;
    const breach = breachOf(message);
    if (breach === undefined) {
      this.#emit({ type: 'overlay-message', from: link.peer, message });
    } else {
      link.end.refuse(breach, 'refused');
      this.#closed(link, breach, true);
    }
  }

  #dialClosed(dial: Dial, link: Link, reason: string, ending: Ending): void {
    if (!this.#dials.has(dial)) {
      this.#closed(link, reason, false);
    } else if (ending === 'aborted') {
      dial.hasYielded = true;
      this.#failAfter(dial, YIELDED_MS_MAX, reason);
    } else {
      this.#fail(dial, reason);
    }
  }

  #closed(link: Link, reason: string, offence: boolean): void {
    const { peer } = link;
    if (this.#held.get(peer) === link) this.#held.delete(peer);
    if (!link.isUp) return;
    link.isUp = false;
    this.#links.delete(peer);
    this.#emit({ type: 'link-down', peer, reason, offence });
    this.#takeHeld(peer);
  }

  #failAfter(dial: Dial, ms: number, reason: string): void {
    this.#network.timeline.after(ms, () => {
      this.#station.whenAwake(() => this.#fail(dial, reason));
    });
  }

  #fail(dial: Dial, reason: string): void {
    if (!this.#dials.has(dial)) return;
    this.#settle(dial);
    this.#emit({ type: 'dial-failed', address: dial.address, reason });
  }

  /** Ends a dial without an event. */
  #settle(dial: Dial): void {
    this.#dials.delete(dial);
    dial.end?.refuse('not needed', 'ended');
  }
}
