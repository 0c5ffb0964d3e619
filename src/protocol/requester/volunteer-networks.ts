/**
 * Which network each volunteer is in (`model/network-prefix.ts`): names are free, addresses in many
 * networks are not, so replicas of one chunk go to different ones where there are enough.
 */

import type { PeerId } from '../../model/ids.ts';
import { hostPrefix } from '../../model/network-prefix.ts';

export class VolunteerNetworks {
  /** As many as there are volunteers. */
  readonly #networks = new Map<PeerId, string>();

  /** @param remote its IP address as it is seen from here */
  up(peer: PeerId, remote: string): void {
    const network = hostPrefix(remote);
    if (network === undefined) this.#networks.delete(peer);
    else this.#networks.set(peer, network);
  }

  down(peer: PeerId): void {
    this.#networks.delete(peer);
  }

  /** Whether it shares its network with one of the others; nearby nobody does. */
  isAmong(peer: PeerId, others: readonly { readonly peer: PeerId }[]): boolean {
    const network = this.#networks.get(peer);
    if (network === undefined) return false;
    return others.some((other) => this.#networks.get(other.peer) === network);
  }
}
