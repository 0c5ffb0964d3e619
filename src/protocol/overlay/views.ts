/**
 * Whom this peer knows, and what it believes of what others tell. A record proves only that its
 * peer signed it; that it is no news of the dead, not out of date and not this peer's own is
 * checked here, once for all the ways that records come.
 */

import type { PeerId } from '../../model/ids.ts';
import type { KnownPeer, SignedRecord } from '../../model/peer-record.ts';
import { ActiveView } from './active-view.ts';
import { Contacts } from './contacts.ts';
import { DepartedPeers } from './departed-peers.ts';
import type { Now } from '../events.ts';
import { KnownPeers } from './known-peers.ts';
import { MisbehavedPeers } from './misbehaved-peers.ts';
import { isFresh, OwnRecord, type OwnRecordOptions } from './own-record.ts';
import { PassiveView } from './passive-view.ts';
import type { Random } from '../random.ts';

export type ViewsOptions = OwnRecordOptions & { readonly known: readonly KnownPeer[] };

export class Views {
  readonly self: PeerId;
  readonly own: OwnRecord;
  readonly active: ActiveView;
  readonly passive: PassiveView;
  readonly contacts: Contacts;
  readonly known: KnownPeers;
  readonly misbehaved = new MisbehavedPeers();
  readonly #departed = new DepartedPeers();

  constructor(options: ViewsOptions, random: Random) {
    this.self = options.self;
    this.own = new OwnRecord(options);
    this.active = new ActiveView(this.own, random);
    this.passive = new PassiveView(this.own, random);
    this.contacts = new Contacts(this.own);
    this.known = new KnownPeers(options.self, options.known);
  }

  /** Whether a record tells of another peer that may be there. */
  believes(record: SignedRecord, now: Now): boolean {
    const { peer } = record.record;
    if (peer === this.self || !isFresh(record, now.unixMs)) return false;
    return !this.misbehaved.has(peer, now.ms) && !this.#departed.has(record.record, now.ms);
  }

  /** @param sacrifices who makes room for them first; those that did are taken out */
  learn(records: readonly SignedRecord[], now: Now, sacrifices: PeerId[] = []): void {
    for (const record of records) {
      const { peer, sequence } = record.record;
      const known = this.passive.get(peer);
      if (known !== undefined && known.record.sequence >= sequence) continue;
      if (!this.believes(record, now)) continue;
      if (this.active.has(peer)) this.active.refresh(record);
      else this.passive.add(record, sacrifices);
    }
  }

  /** Nobody was found there. */
  departed(record: SignedRecord, nowMs: number): void {
    this.passive.remove(record.record.peer);
    this.#departed.add(record.record, nowMs);
  }

  /** It sent what no correct peer sends. */
  banish(peer: PeerId, nowMs: number): void {
    this.misbehaved.add(peer, nowMs);
    this.passive.remove(peer);
    this.known.forget(peer);
  }

  /** Neighbours that others could dial, none of the excepted ones. */
  told(unixMs: number, except: PeerId): SignedRecord[] {
    return [...this.active.records.values()].filter(
      (record) =>
        record.record.peer !== except &&
        record.record.addresses.length > 0 &&
        isFresh(record, unixMs),
    );
  }
}
