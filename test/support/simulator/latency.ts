/**
 * How long a frame is on its way. Each pair of machines has a latency of its own, from a lognormal
 * distribution, and each frame a little more or less. The pair's is computed from the two numbers
 * and the seed instead of being kept: there may be millions of pairs.
 */

import type { Random } from '../../../src/protocol/random.ts';
import type { Place } from './place.ts';

export type LatencyOptions = {
  /** One way, between two machines in the middle of the distribution. */
  readonly medianMs: number;
  /** Standard deviation of its logarithm; 0 for the same latency everywhere. */
  readonly spread: number;
  /** A frame takes up to so much of its pair's latency longer. */
  readonly jitter: number;
  /**
   * Share of packets lost. TCP sends them again, so a loss is a delay for what is behind it too.
   */
  readonly lossRate: number;
};

/** A process and another on the same machine. */
const LOOPBACK_MS = 0.05;
/** Linux' smallest time before TCP sends again; a round trip comes on top. */
const RESEND_MS_MIN = 200;

export class Latency {
  readonly #options: LatencyOptions;
  readonly #random: Random;
  readonly #salt: number;

  constructor(options: LatencyOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#salt = Math.floor(random.next() * 2 ** 32);
  }

  /** One way between two machines, the same both ways and every time. */
  betweenMs(one: Place, other: Place): number {
    if (one === other) return LOOPBACK_MS;
    const low = Math.min(one.number, other.number);
    const high = Math.max(one.number, other.number);
    const first = mixed(this.#salt ^ Math.imul(low + 1, 0x9e3779b1), high);
    const second = mixed(first, 0x85ebca77);
    // Box and Muller: a normal variable of two uniform ones.
    const radius = Math.sqrt(-2 * Math.log((first + 1) / 2 ** 32));
    const normal = radius * Math.cos((2 * Math.PI * second) / 2 ** 32);
    return this.#options.medianMs * Math.exp(this.#options.spread * normal);
  }

  /** One frame's way. */
  frameMs(betweenMs: number): number {
    const { jitter, lossRate } = this.#options;
    const onTheWayMs = betweenMs * (1 + jitter * this.#random.next());
    if (lossRate === 0 || this.#random.next() >= lossRate) return onTheWayMs;
    return onTheWayMs + RESEND_MS_MIN + 2 * betweenMs;
  }
}

/** Murmur3's finisher. @returns a whole number from 0 to 2^32 - 1 */
function mixed(one: number, other: number): number {
  let bits = one ^ Math.imul(other + 1, 0xcc9e2d51);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
