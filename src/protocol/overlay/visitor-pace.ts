/**
 * How many visitors (`visits.ts`) this peer takes in: each costs it a list of its last offers, and
 * answers. No network has more than its share, so that strangers who visit all the time don't keep
 * others out.
 */

import { hostPrefix } from '../../model/network-prefix.ts';
import { Allowance } from '../allowance.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { OwnRecord } from './own-record.ts';

/** All together: a crowd, then five in a second. Guesses. */
const VISITORS_MAX = 32;
const VISITOR_EVERY_MS = 200;
/** Of one network: twice as often as a peer visits that misses offers. */
const OF_NETWORK_MAX = 4;
const OF_NETWORK_EVERY_MS = 1_250;
/** More networks than visit in a minute. */
const NETWORKS_MAX = 512;

export class VisitorPace {
  readonly #own: OwnRecord;
  readonly #all = new Allowance(VISITORS_MAX, VISITOR_EVERY_MS);
  readonly #networks = new BoundedMap<string, Allowance>(NETWORKS_MAX);

  constructor(own: OwnRecord) {
    this.#own = own;
  }

  /** @param remote IP address of the visitor; one of this peer's own network has no share */
  admits(remote: string, nowMs: number): boolean {
    const prefix = hostPrefix(remote);
    const network = prefix === undefined ? undefined : this.#own.foreign([prefix])[0];
    const share = network === undefined ? undefined : this.#shareOf(network);
    if (share?.has(nowMs) === false || !this.#all.has(nowMs)) return false;
    share?.spend();
    this.#all.spend();
    return true;
  }

  #shareOf(network: string): Allowance {
    const share = this.#networks.get(network) ?? new Allowance(OF_NETWORK_MAX, OF_NETWORK_EVERY_MS);
    this.#networks.put(network, share);
    return share;
  }
}
