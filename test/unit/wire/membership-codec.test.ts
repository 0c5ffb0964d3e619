import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { OverlayFrame } from '../../../src/wire/generated/manyhands/v1/OverlayFrame.ts';
import { decodeOverlay, encodeOverlay } from '../../../src/wire/overlay-codec.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { messageOf, someKey, someRecord, times } from '../../support/wire-samples.ts';

const peer = someKey();
const record = someRecord(peer);
const { signed } = record;
const path = times(8, peer.peer);
const bad = { ...signed, signature: Buffer.from(someRecord(someKey()).signed.signature) };

function frame(message: OverlayFrame): Buffer {
  return loadPeerProto().overlay.Exchange.requestSerialize({ frame: message });
}

function empties(count: number): Record<string, never>[] {
  return Array.from({ length: count }, () => ({}));
}

test('what is sent is cut to what the receiver allows', () => {
  const records = times(40, record);
  const far = [someKey().peer, ...path];
  const shuffle = { type: 'shuffle', id: 1, ttl: 100, path: far, records } as const;
  const arrived = messageOf(decodeOverlay('dialler', encodeOverlay('dialler', shuffle)), 'shuffle');
  expect(arrived.ttl).toBe(limits.walkHopsMax);
  expect(arrived.path).toEqual(path);
  expect(arrived.records).toHaveLength(limits.recordsPerFrameMax);
  const refuse = encodeOverlay('dialler', { type: 'refuse', peers: records });
  expect(messageOf(decodeOverlay('dialler', refuse), 'refuse').peers).toHaveLength(16);
  const accept = encodeOverlay('dialler', { type: 'accept', record, peers: records });
  expect(messageOf(decodeOverlay('dialler', accept), 'accept').peers).toHaveLength(16);
});

test('the largest frame of a walk fits its bound', () => {
  const addresses = times(8, `${'a'.repeat(253)}:65535`);
  const records = times(16, 0).map(() => someRecord(someKey(), { addresses }));
  const bytes = encodeOverlay('dialler', { type: 'shuffle', id: 1, ttl: 8, path, records });
  expect(bytes.length).toBeLessThan(20 * 1024);
  expect(decodeOverlay('dialler', bytes).type).toBe('message');
});

test.each<[string, OverlayFrame, RegExp]>([
  ['a join without a record', { join: {} }, /record is not set/],
  ['a join with a bad record', { join: { record: bad } }, /signature/],
  ['a neighbour without a record', { neighbour: { urgent: true } }, /record is not set/],
  ['a neighbour with a bad record', { neighbour: { record: bad } }, /signature/],
  ['an accept without a record', { accept: { peers: [signed] } }, /record is not set/],
  ['an accept with a bad record', { accept: { record: bad } }, /signature/],
  ['an accept with a bad peer', { accept: { record: signed, peers: [signed, bad] } }, /signature/],
  ['an accept with too many peers', { accept: { peers: empties(17) } }, /more than 16/],
  ['a refuse with a bad peer', { refuse: { peers: [bad] } }, /signature/],
  ['a refuse with an empty peer', { refuse: { peers: [{}] } }, /signed peer record/],
  ['a refuse with too many peers', { refuse: { peers: empties(17) } }, /more than 16/],
  ['a forwarded join without a record', { forwardJoin: { ttl: 1 } }, /record is not set/],
  ['a forwarded join that goes too far', { forwardJoin: { record: signed, ttl: 9 } }, /ttl is 9/],
  ['a shuffle that goes too far', { shuffle: { ttl: 9, path } }, /ttl is 9/],
  ['a shuffle with an inexact id', { shuffle: { id: 2 ** 53, path } }, /id is/],
  ['a shuffle of nobody', { shuffle: { path: [] } }, /length of the path is 0/],
  ['a shuffle of an id that is none', { shuffle: { path: ['x'] } }, /id of the path/],
  ['a shuffle with too long a path', { shuffle: { path: times(9, peer.peer) } }, /more than 8/],
  ['a shuffle with too many records', { shuffle: { path, records: empties(17) } }, /more than 16/],
  ['a shuffle with a bad record', { shuffle: { path, records: [signed, bad] } }, /signature/],
  ['a reply with an inexact id', { shuffleReply: { id: 2 ** 60, path } }, /id is/],
  ['a reply to nobody', { shuffleReply: {} }, /length of the path is 0/],
  ['a reply with too long a path', { shuffleReply: { path: times(9, '') } }, /more than 8/],
  ['a reply to an id that is none', { shuffleReply: { path: ['x'] } }, /id of the path/],
  ['a reply with too many records', { shuffleReply: { records: empties(17) } }, /more than 16/],
  ['a reply with a bad record', { shuffleReply: { path, records: [bad] } }, /signature/],
])('%s is rejected with the reason', (_what, message, reason) => {
  expect(decodeOverlay('dialler', frame(message))).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});
