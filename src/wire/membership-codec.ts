/** What HyParView's peers say to each other: frames <-> model. */

import { unreachable } from '../model/errors.ts';
import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { MembershipMessage } from '../model/messages.ts';
import type { SignedRecord } from '../model/peer-record.ts';
import type { Signed } from '../model/signed.ts';
import { atMost, peerIdField, type Shape, Violation, whole } from './bounds.ts';
import type { OverlayFrame, OverlayFrame__Output } from './generated/manyhands/v1/OverlayFrame.ts';
import type { Signed__Output } from './generated/manyhands/v1/Signed.ts';
import { idField } from './ping-codec.ts';
import { readSignedRecord } from './record-codec.ts';

/** What goes over the bounds that the receiver checks is cut. */
export function membershipFrame(message: MembershipMessage): OverlayFrame {
  switch (message.type) {
    case 'join':
      return { join: { record: message.record.signed } };
    case 'neighbour':
      return { neighbour: { record: message.record.signed, urgent: message.priority === 'high' } };
    case 'visit':
      return { visit: { record: message.record.signed } };
    case 'accept':
      return { accept: { record: message.record.signed, peers: signedOf(message.peers) } };
    case 'refuse':
      return { refuse: { peers: signedOf(message.peers) } };
    case 'forward-join':
      return { forwardJoin: { record: message.record.signed, ttl: ttlOf(message.ttl) } };
    case 'disconnect':
      return { disconnect: {} };
    case 'shuffle': {
      const { id, ttl, path, records } = message;
      const shuffle = { id, ttl: ttlOf(ttl), path: pathOf(path), records: signedOf(records) };
      return { shuffle };
    }
    case 'shuffle-reply': {
      const { id, path, records } = message;
      return { shuffleReply: { id, path: pathOf(path), records: signedOf(records) } };
    }
    default:
      return unreachable(message);
  }
}

function signedOf(records: readonly SignedRecord[]): Signed[] {
  return records.slice(0, limits.recordsPerFrameMax).map(({ signed }) => signed);
}

function ttlOf(ttl: number): number {
  return Math.min(ttl, limits.walkHopsMax);
}

/** Its end tells who has it now, so the beginning is cut. */
function pathOf(path: readonly PeerId[]): PeerId[] {
  return path.slice(-limits.walkHopsMax);
}

/** By the frame's field numbers. */
export const membershipShapes: Readonly<Record<number, Shape>> = {
  4: { counts: { 2: limits.recordsPerFrameMax } },
  5: { counts: { 1: limits.recordsPerFrameMax } },
  8: { counts: { 3: limits.walkHopsMax, 4: limits.recordsPerFrameMax } },
  9: { counts: { 2: limits.walkHopsMax, 3: limits.recordsPerFrameMax } },
};

/**
 * @returns undefined for a frame of another kind
 * @throws {Violation}
 */
export function readMembership(frame: OverlayFrame__Output): MembershipMessage | undefined {
  if (frame.join) return { type: 'join', record: recordField(frame.join.record) };
  if (frame.neighbour) {
    const priority = frame.neighbour.urgent ? 'high' : 'low';
    return { type: 'neighbour', record: recordField(frame.neighbour.record), priority };
  }
  if (frame.visit) return { type: 'visit', record: recordField(frame.visit.record) };
  if (frame.accept) {
    const { record, peers } = frame.accept;
    return { type: 'accept', record: recordField(record), peers: recordsField(peers) };
  }
  if (frame.refuse) return { type: 'refuse', peers: recordsField(frame.refuse.peers) };
  if (frame.forwardJoin) {
    const { record, ttl } = frame.forwardJoin;
    return { type: 'forward-join', record: recordField(record), ttl: ttlField(ttl) };
  }
  if (frame.disconnect) return { type: 'disconnect' };
  return readShuffle(frame);
}

function readShuffle({
  shuffle,
  shuffleReply,
}: OverlayFrame__Output): MembershipMessage | undefined {
  if (shuffle) {
    const { id, ttl, path, records } = shuffle;
    return {
      type: 'shuffle',
      id: idField(id),
      ttl: ttlField(ttl),
      path: pathField(path),
      records: recordsField(records),
    };
  }
  if (!shuffleReply) return undefined;
  const { id, path, records } = shuffleReply;
  return {
    type: 'shuffle-reply',
    id: idField(id),
    path: pathField(path),
    records: recordsField(records),
  };
}

/** @throws {Violation} */
export function recordField(signed: Signed__Output | null): SignedRecord {
  if (signed === null) throw new Violation('a peer record is not set');
  return readSignedRecord(signed);
}

function recordsField(list: readonly Signed__Output[]): readonly SignedRecord[] {
  return atMost(list, limits.recordsPerFrameMax, 'records').map((signed) =>
    readSignedRecord(signed),
  );
}

function ttlField(ttl: number): number {
  return whole(ttl, 0, limits.walkHopsMax, 'ttl');
}

function pathField(path: readonly string[]): readonly PeerId[] {
  whole(path.length, 1, limits.walkHopsMax, 'the length of the path');
  return path.map((id) => peerIdField(id, 'an id of the path'));
}
