/**
 * Peers that were really there: they have dialled this one, from the network of the addresses that
 * they tell of. Records can be made up by the thousand, addresses to dial from can't. So there is
 * one place for each network, and peers of this peer's own networks, which it can't tell apart,
 * have one each.
 */

import type { PeerId } from '../../model/ids.ts';
import { addressPrefixes, hostPrefix } from '../../model/network-prefix.ts';
import type { SignedRecord } from '../../model/peer-record.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { OwnRecord } from './own-record.ts';

/** Some more than a passive view. A guess. */
const CONTACTS_MAX = 64;

export type Contact = { readonly peer: PeerId; readonly addresses: readonly string[] };

export class Contacts {
  readonly #own: OwnRecord;
  readonly #contacts = new BoundedMap<string, Contact>(CONTACTS_MAX);

  constructor(own: OwnRecord) {
    this.#own = own;
  }

  /** @param remote IP address that it has dialled from */
  add({ record: { peer, addresses } }: SignedRecord, remote: string): void {
    const seen = hostPrefix(remote);
    if (seen === undefined || !addressPrefixes(addresses).includes(seen)) return;
    const key = this.#own.foreign([seen])[0] ?? peer;
    this.#contacts.put(key, { peer, addresses });
  }

  all(): Contact[] {
    return [...this.#contacts.values()];
  }
}
