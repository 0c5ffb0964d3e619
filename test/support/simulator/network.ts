/**
 * The network between processes: how long things take, what gets lost, and who can't hear whom. It
 * keeps the promises of TCP and TLS: a stream's frames arrive in order or the stream ends, and a
 * dial finds out for sure whom it has reached.
 */

import type { Random } from '../../../src/protocol/random.ts';
import { isAddress } from '../../../src/wire/address.ts';
import { Latency, type LatencyOptions } from './latency.ts';
import { ipNumbered, Place } from './place.ts';
import type { Crash, Station } from './station.ts';
import type { Timeline } from './timeline.ts';

export type NetworkOptions = LatencyOptions & {
  /** Share of dials that are never answered. */
  readonly dialLossRate: number;
};

export const calmNetwork: NetworkOptions = {
  medianMs: 50,
  spread: 0,
  jitter: 0.1,
  lossRate: 0,
  dialLossRate: 0,
};

export type Reached =
  | { readonly station: Station; readonly betweenMs: number }
  | { readonly station: undefined; readonly reason: string };

/** Time to connect and complete TLS, as in `transport/connection.ts`. */
const CONNECT_MS_MAX = 5_000;
/**
 * A silent connection is noticed after this: pings every 10 s, of which one has to be unanswered
 * for 10 s, as in `transport/connection.ts`.
 */
const KEEPALIVE_MS_MIN = 10_000;
const KEEPALIVE_MS_MAX = 20_000;
/** After a cut, TCP tries again within the time that the cut took, and within this; a guess. */
const RETRY_MS_MAX = 10_000;
/** Cuts at a time: bits of a small integer. */
const CUTS_MAX = 30;

export class Network {
  readonly timeline: Timeline;
  /** Offers that their requesters have signed: "requester job". */
  readonly offered = new Set<string>();
  readonly #options: NetworkOptions;
  readonly #random: Random;
  readonly #latency: Latency;
  readonly #places = new Map<string, Place>();
  #cuts = 0;
  #cutAtMs = 0;
  /** Places need not be looked at while none is slow. */
  #hasSlowPlaces = false;

  constructor(timeline: Timeline, random: Random, options: NetworkOptions) {
    this.timeline = timeline;
    this.#options = options;
    this.#random = random;
    this.#latency = new Latency(options, random);
  }

  /** @param ip of a machine that is not there yet; one with a place of its own if left out */
  place(ip?: string): Place {
    const number = this.#places.size;
    const place = new Place(number, ip ?? ipNumbered(number));
    if (this.#places.has(place.address)) throw new Error(`${place.address} is taken`);
    this.#places.set(place.address, place);
    return place;
  }

  /** A process begins to listen, in the place of the one before. */
  listen(station: Station): void {
    const { place } = station;
    const { station: before } = place;
    if (before?.state === 'up') throw new Error(`somebody listens on ${place.address} already`);
    place.station = station;
    before?.rebooted();
  }

  crash(station: Station, how: Crash): void {
    station.crash(how);
  }

  /** What some send does not reach the others, until it is healed. */
  cut(from: Iterable<Place>, to: Iterable<Place>): void {
    if (this.#cuts >= CUTS_MAX) throw new Error(`more than ${CUTS_MAX} cuts at a time`);
    const bit = 2 ** this.#cuts;
    this.#cuts += 1;
    this.#cutAtMs = this.timeline.nowMs;
    for (const place of from) place.muteBits |= bit;
    for (const place of to) place.deafBits |= bit;
    for (const { station } of this.#places.values()) {
      for (const end of station?.ends ?? []) {
        if (this.isSilent(end.station, end.peerStation)) end.watch();
      }
    }
  }

  heal(): void {
    this.#cuts = 0;
    for (const place of this.#places.values()) {
      place.muteBits = 0;
      place.deafBits = 0;
    }
    const retryMs = Math.min(this.timeline.nowMs - this.#cutAtMs, RETRY_MS_MAX);
    for (const { station } of this.#places.values()) {
      const stalled = [...(station?.stalled ?? [])];
      station?.stalled.clear();
      for (const end of stalled) end.resume(this.#random.next() * retryMs);
    }
  }

  /** All streams between two machines: what is sent waits, in order. */
  clog(one: Place, other: Place, ms: number): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      for (const end of from.station?.ends ?? []) {
        if (end.peerStation.place === to) end.clog(this.timeline.nowMs + ms);
      }
    }
  }

  /** What one sends now does not reach the other, or nobody is there to take it. */
  holdsUp(from: Station, to: Station): boolean {
    if (to.isFrozen || to.state === 'silent') return true;
    return this.#cuts > 0 && isCut(from.place, to.place);
  }

  /** Whether one's ping would bring no answer from the other. */
  isSilent(station: Station, other: Station): boolean {
    return this.holdsUp(station, other) || isCut(other.place, station.place);
  }

  /** How long a frame that is sent now is on its way. */
  frameMs(from: Station, to: Station, betweenMs: number): number {
    if (!this.#hasSlowPlaces) return this.#latency.frameMs(betweenMs);
    return this.#frameMs(from.place, to.place, betweenMs);
  }

  #frameMs(from: Place, to: Place, betweenMs: number): number {
    return this.#latency.frameMs(betweenMs) * from.slowness * to.slowness;
  }

  /** @param factor by which everything from and to there takes longer; 1 for as usual */
  slow(place: Place, factor: number): void {
    place.slowness = factor;
    this.#hasSlowPlaces = true;
  }

  afterKeepalive(run: () => void): void {
    const spreadMs = KEEPALIVE_MS_MAX - KEEPALIVE_MS_MIN;
    this.timeline.after(KEEPALIVE_MS_MIN + spreadMs * this.#random.next(), run);
  }

  /** Connects, and completes TLS: two round trips. Tells once how it ended. */
  connect(from: Station, address: string, then: (reached: Reached) => void): void {
    const { timeline } = this;
    const deadlineMs = timeline.nowMs + CONNECT_MS_MAX;
    const later = (ms: number, run: () => void): void => {
      timeline.after(ms, () => from.whenAwake(run));
    };
    const timeOut = (): void => {
      later(deadlineMs - timeline.nowMs, () => then({ station: undefined, reason: TIMED_OUT }));
    };
    const place = this.#places.get(address);
    if (place === undefined && !isAddress(address)) {
      later(0, () => then({ station: undefined, reason: 'it is not "host:port"' }));
      return;
    }
    if (place === undefined || this.#random.next() < this.#options.dialLossRate) {
      timeOut();
      return;
    }
    const betweenMs = this.#latency.betweenMs(from.place, place);
    const roundTripMs = 2 * this.#frameMs(from.place, place, betweenMs);
    later(roundTripMs, () => {
      const { station } = place;
      if (station?.state === 'silent' || isCutEither(from.place, place)) {
        timeOut();
      } else if (station?.state !== 'up') {
        then({ station: undefined, reason: REFUSED });
      } else {
        later(roundTripMs, () => {
          const isThere = station.state === 'up' && !this.isSilent(from, station);
          if (isThere) then({ station, betweenMs });
          else timeOut();
        });
      }
    });
  }
}

const TIMED_OUT = `timed out: no answer within ${CONNECT_MS_MAX / 1000} s`;
const REFUSED = 'connection refused: nothing listens there';

function isCut(from: Place, to: Place): boolean {
  return (from.muteBits & to.deafBits) !== 0;
}

function isCutEither(one: Place, other: Place): boolean {
  return isCut(one, other) || isCut(other, one);
}
