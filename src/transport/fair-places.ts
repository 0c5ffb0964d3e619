/**
 * Places that strangers take: handshakes, connections, streams. Identities are free and so are
 * ports, so one machine could take them all, and nobody else would get in. Addresses in many
 * networks are not free: when all places are taken, the network with the most of them gives one to
 * whoever comes from another with fewer. Where all come from one network, as in a laboratory, the
 * last to come is turned away.
 *
 * Of that network the newest goes: a crowd pushes itself out, and not who was here before. A fixed
 * share for each network was rejected: it would turn peers away while there is room.
 */

import { hostPrefix } from '../model/network-prefix.ts';

export class FairPlaces<Holder> {
  readonly #countMax: number;
  /** By network, the newest last. */
  readonly #networks = new Map<string, Set<Holder>>();
  readonly #networkOf = new Map<Holder, string>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /**
   * @param ip as of `remoteIp`
   * @returns who has to go, which has no place any more: undefined for nobody; the holder itself if
   *   it gets none
   */
  take(holder: Holder, ip: string): Holder | undefined {
    const network = hostPrefix(ip) ?? ip;
    const evicted = this.#networkOf.size < this.#countMax ? undefined : this.#leastFor(network);
    if (evicted === undefined && this.#networkOf.size >= this.#countMax) return holder;
    if (evicted !== undefined) this.release(evicted);
    const holders = this.#networks.get(network) ?? new Set();
    this.#networks.set(network, holders.add(holder));
    this.#networkOf.set(holder, network);
    return evicted;
  }

  /** Nothing if it has no place. */
  release(holder: Holder): void {
    const network = this.#networkOf.get(holder);
    if (network === undefined) return;
    this.#networkOf.delete(holder);
    const holders = this.#networks.get(network);
    holders?.delete(holder);
    if (holders?.size === 0) this.#networks.delete(network);
  }

  /** A search, but only when all places are taken, and then somebody's TLS costs far more. */
  #leastFor(network: string): Holder | undefined {
    let greatest: Set<Holder> | undefined;
    for (const holders of this.#networks.values()) {
      if (holders.size > (greatest?.size ?? 0)) greatest = holders;
    }
    const ownCount = this.#networks.get(network)?.size ?? 0;
    if (greatest === undefined || greatest.size <= ownCount + 1) return undefined;
    return [...greatest].at(-1);
  }
}
