/**
 * What intruders do beside passing nothing on. Each kind is as bad as it can be without being
 * noticed, or does not care to be noticed, by turns of who does it.
 */

import type { PeerId } from '../../../../src/model/ids.ts';
import { limits } from '../../../../src/model/limits.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import type { Attack, Intruder } from './intruder.ts';

export const attackKinds = ['mute', 'forge', 'replay', 'flood', 'fill'] as const;

export type AttackKind = (typeof attackKinds)[number];

/** Of a shuffle and of a forwarded join (`protocol/overlay/walk-pace.ts`), a little slower. */
const SHUFFLE_EVERY_MS = 5_500;
const FORWARD_EVERY_MS = 275;
const WALK_HOPS = 6;

/** As many links as a correct peer has. */
const modest = { linksMax: 5, dialsPerSecond: 1 };

/** @param number of the intruder: what is done in one way or another goes by it */
export function attackOf(kind: AttackKind, number: number): Attack {
  const isRash = number % 2 === 0;
  switch (kind) {
    case 'mute':
      return { ...modest, everyMs: 60_000, act: () => undefined };
    case 'forge':
      return { ...modest, everyMs: 1_000, act: forge };
    case 'replay':
      return { ...modest, everyMs: 100, act: (intruder) => replay(intruder, isRash) };
    case 'flood':
      return { ...modest, everyMs: 100, act: (intruder) => flood(intruder, isRash) };
    case 'fill':
      return { linksMax: 200, dialsPerSecond: 4, everyMs: FORWARD_EVERY_MS, act: fill };
    default:
      return kind satisfies never;
  }
}

/** Offers and records that somebody else would have to have signed. */
function forge(intruder: Intruder): void {
  const { conspiracy, host } = intruder;
  const [peer, record] = someVictim(intruder) ?? [];
  for (const to of intruder.neighbours) {
    const kind = Math.floor(conspiracy.random.next() * 4);
    const [heard] = conspiracy.offers.slice(-1);
    if (kind === 0 && peer !== undefined) {
      const offer = intruder.offerBy(peer, intruder.acts);
      intruder.send(to, { type: 'gossip', offer, hops: 1 });
    } else if (kind === 1 && heard !== undefined) {
      const closed = { ...heard.offer, closed: true, sequence: heard.offer.sequence + 1 };
      intruder.send(to, { type: 'gossip', offer: { ...heard, offer: closed }, hops: 1 });
    } else if (kind === 2 && record !== undefined) {
      intruder.send(to, shuffleOf(intruder, [redirected(record, host.address)]));
    } else if (record !== undefined) {
      const moved = redirected(record, host.address);
      intruder.send(to, { type: 'forward-join', record: moved, ttl: 0 });
    }
  }
}

/** The record of another, with its signature, and an address of the forger's. */
function redirected({ record, signed }: SignedRecord, address: string): SignedRecord {
  return { record: { ...record, addresses: [address], sequence: record.sequence + 1 }, signed };
}

/** What was once true: over and over, to everybody. The rash ones take even what is ages old. */
function replay(intruder: Intruder, isRash: boolean): void {
  const { conspiracy } = intruder;
  const { offers, random, unixMs, victims } = conspiracy;
  const sinceMs = isRash ? 0 : unixMs - 4 * 60_000;
  for (const to of intruder.neighbours) {
    for (let sent = 0; sent < 10; sent++) {
      const offer = offers[Math.floor(random.next() * offers.length)];
      if (offer === undefined || offer.offer.expiresAtMs < sinceMs) continue;
      intruder.send(to, { type: 'gossip', offer, hops: 1 });
    }
    if (intruder.acts % 60 === 0) {
      intruder.send(to, shuffleOf(intruder, [...victims.values()].slice(0, 8)));
    }
  }
}

/** Offers of its own, and pings: as many as a neighbour bears, or many more. */
function flood(intruder: Intruder, isRash: boolean): void {
  const { host } = intruder;
  const count = isRash ? 30 : 9;
  for (let number = 0; number < count; number++) {
    const job = 1 + intruder.acts * count + number;
    const offer = intruder.offerBy(host.self, job);
    intruder.sendAll({ type: 'gossip', offer, hops: 1 });
    intruder.sendAll({ type: 'ping', id: job });
  }
}

/** All views are to know nobody but intruders, and those whom they made up. */
function fill(intruder: Intruder): void {
  const { conspiracy } = intruder;
  const [record] = conspiracy.lies(1);
  const shuffles = intruder.acts % Math.round(SHUFFLE_EVERY_MS / FORWARD_EVERY_MS) === 0;
  if (record !== undefined) intruder.sendAll({ type: 'forward-join', record, ttl: 0 });
  if (!shuffles) return;
  const records = conspiracy.lies(limits.recordsPerFrameMax);
  intruder.sendAll(shuffleOf(intruder, records));
}

function shuffleOf({ host, conspiracy }: Intruder, records: readonly SignedRecord[]) {
  const id = Math.floor(conspiracy.random.next() * 2 ** 48);
  // By turns at its end, where it is taken, or with the whole way before it.
  const ttl = conspiracy.random.next() < 0.5 ? 0 : WALK_HOPS;
  return { type: 'shuffle', id, ttl, path: [host.self], records } as const;
}

function someVictim({ conspiracy }: Intruder): readonly [PeerId, SignedRecord] | undefined {
  const victims = [...conspiracy.victims];
  return victims[Math.floor(conspiracy.random.next() * victims.length)];
}
