/**
 * Who this peer is connected to, and whom it could be.
 *
 * Neighbours are open overlay streams: as many as a flood needs to survive losses, no more. Known
 * peers are addresses heard of, to replace lost neighbours with. Each peer dials until it has
 * `NEIGHBOURS_WANTED`, and accepts up to `NEIGHBOURS_MAX`; who comes to a full peer is told some
 * others and sent away. Since every peer dials half of what it accepts, there is always room
 * somewhere.
 *
 * Known peers are hearsay: an address may be wrong or hostile, which costs a failed dial, because
 * the transport checks that the peer reached is the peer meant. HyParView will take this place.
 */

import { limits } from '../model/limits.ts';
import type { PeerId } from '../model/ids.ts';
import type { OverlayMessage, PeerRecord, TransportEvent } from '../model/messages.ts';
import { Allowance } from './allowance.ts';
import type { Effect } from './events.ts';
import { sample, type Random } from './random.ts';

/** HyParView's active view for 10,000 peers. */
const NEIGHBOURS_WANTED = 5;
/** Twice what each peer dials, so that dials nearly always find room. */
const NEIGHBOURS_MAX = 10;
/** How often one neighbour is sent a sample of known peers; a guess. */
const EXCHANGE_EVERY_MS = 10_000;
/** Backoff after a failed dial doubles from the first to the second; guesses. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** Longer than any dial takes (connecting, TLS, hello); then it counts as failed. */
const DIAL_MS_MAX = 20_000;
/** A known peer that failed this often in a row is forgotten. */
const FAILURES_MAX = 4;

/**
 * Dials of known peers: so many at once, then one in a while, since neighbours may name any address
 * to be knocked at. Guesses; joining takes some few.
 */
const KNOWN_DIALS_MAX = 16;
const KNOWN_DIAL_EVERY_MS = 250;

type Dial = { failures: number; retryAtMs: number; dialling: boolean };

type NeighbourUp = Extract<TransportEvent, { type: 'neighbour-up' }>;

export class Membership {
  readonly #self: PeerId;
  readonly #random: Random;
  /** Addresses given by the owner: tried for ever. */
  readonly #entrances: readonly string[];
  /** Where this peer dialled those of its neighbours that it did dial. */
  readonly #dialledAt = new Map<PeerId, string>();
  readonly #neighbours = new Map<PeerId, readonly string[]>();
  readonly #known = new Map<PeerId, readonly string[]>();
  readonly #dials = new Map<string, Dial>();
  readonly #knownDials = new Allowance(KNOWN_DIALS_MAX, KNOWN_DIAL_EVERY_MS);
  #exchangeAtMs = Infinity;
  /** When a dial's backoff ends while neighbours are missing; at once, to begin with. */
  #fillAtMs = 0;

  constructor(self: PeerId, entrances: readonly string[], random: Random) {
    this.#self = self;
    this.#entrances = entrances;
    this.#random = random;
  }

  get neighbours(): ReadonlyMap<PeerId, readonly string[]> {
    return this.#neighbours;
  }

  get known(): ReadonlyMap<PeerId, readonly string[]> {
    return this.#known;
  }

  get dueAtMs(): number {
    return Math.min(this.#exchangeAtMs, this.#fillAtMs);
  }

  neighbourUp({ peer, addresses, direction, dialled }: NeighbourUp, nowMs: number): Effect[] {
    if (dialled !== undefined) this.#dials.delete(dialled);
    this.#learn({ peer, addresses });
    const peers: Effect = { type: 'send-overlay', to: peer, message: this.#somePeers(peer) };
    if (direction === 'incoming' && this.#neighbours.size >= NEIGHBOURS_MAX) {
      const refuse: Effect = { type: 'send-overlay', to: peer, message: { type: 'refuse' } };
      return [peers, refuse, { type: 'hang-up', peer }];
    }
    this.#neighbours.set(peer, addresses);
    if (dialled !== undefined) this.#dialledAt.set(peer, dialled);
    if (this.#exchangeAtMs === Infinity) this.#exchangeAtMs = nowMs + EXCHANGE_EVERY_MS;
    return [peers, ...this.#fill(nowMs)];
  }

  neighbourDown(peer: PeerId, nowMs: number): Effect[] {
    this.#neighbours.delete(peer);
    this.#dialledAt.delete(peer);
    return this.#fill(nowMs);
  }

  dialFailed(address: string, nowMs: number): Effect[] {
    const failures = (this.#dials.get(address)?.failures ?? 0) + 1;
    const backoffMs = Math.min(RETRY_MS_MIN * 2 ** (failures - 1), RETRY_MS_MAX);
    const jitter = 0.75 + this.#random.next() / 2;
    this.#dials.set(address, { failures, retryAtMs: nowMs + backoffMs * jitter, dialling: false });
    if (failures >= FAILURES_MAX && !this.#entrances.includes(address)) this.#forget(address);
    return this.#fill(nowMs);
  }

  handle(from: PeerId, message: OverlayMessage, nowMs: number): Effect[] {
    if (message.type === 'peers') {
      for (const record of message.peers) this.#learn(record);
      return this.#fill(nowMs);
    }
    const dialled = this.#dialledAt.get(from);
    if (message.type === 'refuse' && dialled !== undefined) {
      // The stream closes next; not to be tried again at once.
      for (const address of [dialled, ...(this.#neighbours.get(from) ?? [])]) {
        const retryAtMs = nowMs + RETRY_MS_MAX;
        this.#dials.set(address, { failures: 1, retryAtMs, dialling: false });
      }
    }
    return [];
  }

  tick(nowMs: number): Effect[] {
    const effects = this.#fill(nowMs);
    if (nowMs < this.#exchangeAtMs) return effects;
    const [to] = sample(this.#random, [...this.#neighbours.keys()], 1);
    this.#exchangeAtMs = to === undefined ? Infinity : nowMs + EXCHANGE_EVERY_MS;
    if (to === undefined) return effects;
    return [...effects, { type: 'send-overlay', to, message: this.#somePeers(to) }];
  }

  /** Dials as many candidates as neighbours are missing. */
  #fill(nowMs: number): Effect[] {
    this.#fillAtMs = Infinity;
    let missing = NEIGHBOURS_WANTED - this.#neighbours.size - this.#dialling(nowMs);
    if (missing <= 0) return [];
    const effects: Effect[] = [];
    for (const address of this.#candidates()) {
      const dial = this.#dials.get(address);
      if (dial !== undefined && dial.retryAtMs > nowMs) {
        this.#fillAtMs = Math.min(this.#fillAtMs, dial.retryAtMs);
        continue;
      }
      if (missing === 0) break;
      if (!this.#entrances.includes(address)) {
        if (!this.#knownDials.has(nowMs)) {
          this.#fillAtMs = Math.min(this.#fillAtMs, this.#knownDials.dueAtMs);
          break;
        }
        this.#knownDials.spend();
      }
      missing -= 1;
      const retryAtMs = nowMs + DIAL_MS_MAX;
      this.#dials.set(address, { failures: dial?.failures ?? 0, retryAtMs, dialling: true });
      const expected = this.#peerAt(address);
      effects.push({ type: 'dial', address, ...(expected === undefined ? {} : { expected }) });
    }
    return effects;
  }

  /** Dials under way. Also forgets the outcomes of old ones, so that the table stays small. */
  #dialling(nowMs: number): number {
    let dialling = 0;
    for (const [address, dial] of this.#dials) {
      if (dial.retryAtMs > nowMs) dialling += dial.dialling ? 1 : 0;
      else if (this.#dials.size > limits.knownPeersMax) this.#dials.delete(address);
    }
    return dialling;
  }

  /** Entrances that are not neighbours, then one address of each known peer, in random order. */
  #candidates(): string[] {
    const dialled = new Set(this.#dialledAt.values());
    const known: string[] = [];
    for (const [peer, addresses] of this.#known) {
      if (this.#neighbours.has(peer)) continue;
      const untried = addresses.find((address) => !this.#dials.has(address));
      const address = untried ?? addresses[Math.floor(this.#random.next() * addresses.length)];
      if (address !== undefined) known.push(address);
    }
    return [
      ...this.#entrances.filter((address) => !dialled.has(address)),
      ...sample(this.#random, known, 2 * NEIGHBOURS_WANTED),
    ];
  }

  #peerAt(address: string): PeerId | undefined {
    for (const [peer, addresses] of this.#known) if (addresses.includes(address)) return peer;
    return undefined;
  }

  #learn({ peer, addresses }: PeerRecord): void {
    if (peer === this.#self || addresses.length === 0) return;
    this.#known.delete(peer);
    this.#known.set(peer, addresses);
    if (this.#known.size <= limits.knownPeersMax) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** Its failures stay in mind, so that others who keep naming it don't have it tried each time. */
  #forget(address: string): void {
    const peer = this.#peerAt(address);
    if (peer === undefined) return;
    const left = (this.#known.get(peer) ?? []).filter((other) => other !== address);
    if (left.length > 0) this.#known.set(peer, left);
    else this.#known.delete(peer);
  }

  /** What a neighbour is told: neighbours first, since those are known to be alive. */
  #somePeers(to: PeerId): OverlayMessage {
    const records = new Map([
      ...sample(this.#random, [...this.#known], limits.peersPerFrameMax),
      ...this.#neighbours,
    ]);
    const others = Array.from(records, ([peer, addresses]) => ({ peer, addresses })).filter(
      ({ peer, addresses }) => peer !== to && addresses.length > 0,
    );
    return { type: 'peers', peers: sample(this.#random, others, limits.peersPerFrameMax) };
  }
}
