/**
 * Where evidence comes from: the networks of its accusers (`model/network-prefix.ts`). Names are
 * free, those of accusers and of accused, and so is true evidence against names that were made up
 * to be caught. An address is not: the accuser has to be reached there, since a check fetches the
 * program from it. So each network has this peer look into so many pieces about peers that it has
 * never met, and no more.
 *
 * Charged is where an accuser was in fact reached, not what it claims: or it could name an address
 * of somebody else beside its own, and use up what that one has. But a piece has to wait for all
 * the networks that it names: or it could name a new one each time.
 */

import type { Evidence } from '../../model/evidence.ts';
import { limits } from '../../model/limits.ts';
import { addressPrefix } from '../../model/network-prefix.ts';
import { Allowance } from '../allowance.ts';
import { BoundedMap } from '../bounded-map.ts';

/**
 * Guesses, and few: each hostile network has every peer check as many before all peers turn to who
 * has told less. In a simulation with 12 such networks beside 40 correct peers (`accusations.ts`),
 * 32 of 39 had found out after 20 minutes about one liar that all of them would refuse; with four
 * at once it was 5.
 */
const AT_ONCE_MAX = 2;
const EVERY_MS = 30 * 60_000;
/** More than were seen in a day at one check a minute; what makes room has its two again. */
const NETWORKS_MAX = 2_048;

type Claim = Pick<Evidence, 'addresses'>;

export class EvidenceSources {
  readonly #networks = new BoundedMap<string, Allowance>(NETWORKS_MAX);

  /** Pieces that are left to the one network of those claimed that has the least. */
  left(claim: Claim, nowMs: number): number {
    let least = AT_ONCE_MAX;
    for (const network of networksOf(claim)) {
      least = Math.min(least, this.#networks.get(network)?.left(nowMs) ?? AT_ONCE_MAX);
    }
    return least;
  }

  /** @param address at which the accuser was reached */
  spend(address: string, nowMs: number): void {
    const network = networkOf(address);
    const allowance = this.#networks.get(network) ?? new Allowance(AT_ONCE_MAX, EVERY_MS);
    this.#networks.put(network, allowance);
    if (allowance.has(nowMs)) allowance.spend();
  }
}

/** Of the addresses that are tried. */
function networksOf({ addresses }: Claim): string[] {
  return addresses.slice(0, limits.accuserAddressesMax).map((address) => networkOf(address));
}

/** Nearby, where a network has no prefix, each machine counts. */
function networkOf(address: string): string {
  return addressPrefix(address) ?? address.slice(0, Math.max(address.lastIndexOf(':'), 0));
}
