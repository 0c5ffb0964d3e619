/** A membership to talk to, and the peers around it: each in a network of its own. */

import { vi } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import type { MembershipMessage } from '../../src/model/messages.ts';
import type { KnownPeer, PeerRecord, SignedRecord } from '../../src/model/peer-record.ts';
import { Awareness } from '../../src/protocol/awareness.ts';
import { EvidenceBook } from '../../src/protocol/accusations/evidence-book.ts';
import { Membership } from '../../src/protocol/overlay/membership.ts';
import type { OfferBook } from '../../src/protocol/overlay/offer-book.ts';
import type {
  OverlayOptions,
  OverlayParts,
  OverlayStep,
} from '../../src/protocol/overlay/overlay.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { Standings } from '../../src/protocol/standings.ts';
import { Visits } from '../../src/protocol/overlay/visits.ts';
import { at, peerNumbered, self, startUnixMs } from './protocol-fixtures.ts';

export const HOUR_MS = 3_600_000;

/** Of peer `number`, which has a /16 of its own. */
export function ipNumbered(number: number): string {
  return `${20 + (number >> 8)}.${number & 255}.0.1`;
}

export function addressNumbered(number: number): string {
  return `${ipNumbered(number)}:1`;
}

export function recordOf(number: number, changes: Partial<PeerRecord> = {}): SignedRecord {
  return signedRecord({
    peer: peerNumbered(number),
    addresses: [addressNumbered(number)],
    features: [],
    sequence: startUnixMs,
    expiresAtMs: startUnixMs + HOUR_MS,
    ...changes,
  });
}

export function recordsOf(count: number, from = 1): SignedRecord[] {
  return Array.from({ length: count }, (_, index) => recordOf(from + index));
}

/** The machines never look at a signature: the wire has checked it. */
export function signedRecord(record: PeerRecord): SignedRecord {
  const nothing = Uint8Array.of();
  return { record, signed: { payload: nothing, publicKey: nothing, signature: nothing } };
}

export function knownNumbered(number: number, seenAtMs = startUnixMs): KnownPeer {
  return { peer: peerNumbered(number), addresses: [addressNumbered(number)], seenAtMs };
}

/** What this peer says of itself, from the start. */
export const ownRecord = signedRecord({
  peer: self,
  addresses: ['9.9.9.9:1'],
  features: ['computes'],
  sequence: startUnixMs,
  expiresAtMs: startUnixMs + HOUR_MS,
});

/** What an overlay is made of, but for the offers. */
export function overlayParts(book: OfferBook): OverlayParts {
  const evidence = new EvidenceBook(self, new Standings());
  return { book, evidence, awareness: new Awareness(), random: createRandom(1) };
}

export function optionsOf(changes: Partial<OverlayOptions> = {}): OverlayOptions {
  const { addresses, features } = ownRecord.record;
  return { self, addresses: () => addresses, features, entrances: [], known: [], ...changes };
}

/** Ticked once, its record signed. */
export function memberOf(changes: Partial<OverlayOptions> = {}, seed = 1): Membership {
  const member = new Membership(optionsOf(changes), createRandom(seed));
  member.tick(at(0));
  member.recordSigned(ownRecord, at(0));
  return member;
}

/** Members never begin to visit: for tests that wait for minutes to see whom else they dial. */
export function visitNobody(): void {
  vi.spyOn(Visits.prototype, 'start').mockReturnValue();
}

/** A link that another opened. */
export function knock(member: Membership, number: number, ms = 0): OverlayStep[] {
  const remote = ipNumbered(number);
  const peer = peerNumbered(number);
  return member.linkUp({ type: 'link-up', peer, direction: 'incoming', remote }, at(ms));
}

/** A link that this peer opened. */
export function reach(
  member: Membership,
  number: number,
  ms = 0,
  dialled = addressNumbered(number),
): OverlayStep[] {
  const remote = ipNumbered(number);
  const peer = peerNumbered(number);
  return member.linkUp({ type: 'link-up', peer, direction: 'outgoing', dialled, remote }, at(ms));
}

export function say(
  member: Membership,
  number: number,
  message: MembershipMessage,
  ms = 0,
): OverlayStep[] {
  return member.handle(peerNumbered(number), message, at(ms));
}

export function accept(
  member: Membership,
  number: number,
  ms = 0,
  peers: readonly SignedRecord[] = [],
): OverlayStep[] {
  return say(member, number, { type: 'accept', record: recordOf(number), peers }, ms);
}

export function neighbour(number: number, priority: 'high' | 'low' = 'low'): MembershipMessage {
  return { type: 'neighbour', record: recordOf(number), priority };
}

/** Neighbours that this peer chose. */
export function choose(member: Membership, numbers: readonly number[], ms = 0): void {
  for (const number of numbers) {
    reach(member, number, ms);
    accept(member, number, ms);
  }
}

/** Neighbours that came by themselves. */
export function admit(member: Membership, numbers: readonly number[], ms = 0): void {
  for (const number of numbers) {
    knock(member, number, ms);
    say(member, number, neighbour(number), ms);
  }
}

/** As a refusal brings them: the quickest way into the passive view. */
export function tell(member: Membership, peers: readonly SignedRecord[], ms = 0): OverlayStep[] {
  reach(member, TELLER, ms);
  return say(member, TELLER, { type: 'refuse', peers }, ms);
}

const TELLER = 60_000;

/** To whom something was said, and what. */
export function saidOf(steps: readonly OverlayStep[]): [PeerId, MembershipMessage][] {
  return steps.flatMap((step): [PeerId, MembershipMessage][] =>
    step.type === 'send-overlay' && isMembership(step.message) ? [[step.to, step.message]] : [],
  );
}

export function dialsOf(steps: readonly OverlayStep[]): string[] {
  return steps.flatMap((step) => (step.type === 'dial' ? [step.address] : []));
}

function isMembership(message: { readonly type: string }): message is MembershipMessage {
  return !['gossip', 'have', 'graft', 'want', 'prune', 'ping', 'pong'].includes(message.type);
}
