import { expect, test } from 'vitest';

import type { OverlayMessage } from '../../../src/model/messages.ts';
import type { OverlayFrame } from '../../../src/wire/generated/manyhands/v1/OverlayFrame.ts';
import {
  decodeOverlay,
  encodeOverlay,
  encodeOverlayHello,
} from '../../../src/wire/overlay-codec.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { someEvidence } from '../../support/evidence-samples.ts';
import {
  everyOverlayMessage,
  plain,
  someKey,
  someRecord,
  times,
} from '../../support/wire-samples.ts';

const peer = someKey();
const { signed } = someRecord(peer);

function frame(message: OverlayFrame): Buffer {
  return loadPeerProto().overlay.Exchange.requestSerialize({ frame: message });
}

const messages: readonly OverlayMessage[] = [
  ...everyOverlayMessage(peer),
  { type: 'evidence', evidence: someEvidence(peer) },
];

test.each(messages)('a message arrives as it was sent: $type', (message) => {
  for (const from of ['dialler', 'dialled'] as const) {
    const decoded = decodeOverlay(from, encodeOverlay(from, message));
    expect(plain(decoded)).toEqual(plain({ type: 'message', message }));
  }
});

test('a hello arrives, either way', () => {
  const message = { type: 'hello', protocolVersions: [1], features: [], requiredFeatures: [] };
  for (const from of ['dialler', 'dialled'] as const) {
    expect(decodeOverlay(from, encodeOverlayHello(from))).toEqual({ type: 'message', message });
  }
});

test('what a later version says is ignored', () => {
  expect(decodeOverlay('dialler', Buffer.alloc(0))).toEqual({ type: 'unknown' });
  expect(decodeOverlay('dialler', frame({}))).toEqual({ type: 'unknown' });
  // Field 31 of the frame, a message of two bytes.
  expect(decodeOverlay('dialler', Buffer.from([0x0a, 5, 0xfa, 1, 2, 8, 1]))).toEqual({
    type: 'unknown',
  });
});

test.each<[string, Buffer, RegExp]>([
  ['bytes that are no protobuf', Buffer.from([0xff, 0xff]), /not a valid protobuf/],
  ['a length past the end', Buffer.from([0x0a, 9, 1]), /not a valid protobuf/],
  ['groups', Buffer.from([0x0b, 0x0c]), /not a valid protobuf/],
  ['groups without end', Buffer.alloc(100_000, 0x0b), /not a valid protobuf/],
  [
    'a hundred thousand empty announcements in two bytes each',
    Buffer.concat([
      Buffer.from([0x0a, 0xc4, 0x9a, 0x0c, 0x5a, 0xc0, 0x9a, 0x0c]),
      Buffer.alloc(200_000, Buffer.from([0x0a, 0])),
    ]),
    /more than 1024/,
  ],
  [
    'a hundred thousand fields of a later version',
    Buffer.alloc(200_000, Buffer.from([0x78, 1])),
    /too many fields that are not known/,
  ],
  ['a frame over its bound', Buffer.alloc(256 * 1024 + 1), /expected 0 to 262144/],
  ['too many features', frame({ hello: { features: times(33, 'a') } }), /32/],
  ['too many required features', frame({ hello: { requiredFeatures: times(33, 'a') } }), /32/],
  ['a feature that is no name', frame({ hello: { features: ['A b'] } }), /features/],
  ['too many versions', frame({ hello: { protocolVersions: times(33, 1) } }), /32/],
  ['an inexact ping', frame({ ping: { id: 2 ** 53 } }), /id is/],
  ['an inexact pong', frame({ pong: { id: 2 ** 60 } }), /id is/],
  ['a probe of nobody', frame({ probe: { id: 1 } }), /record is not set/],
  ['an inexact probe', frame({ probe: { id: 2 ** 53, record: signed } }), /id is/],
  [
    'a probe with a bad record',
    frame({ probe: { record: { ...signed, payload: Buffer.from('x') } } }),
    /signature/,
  ],
  ['an inexact answer to a probe', frame({ probeResult: { id: 2 ** 53 } }), /id is/],
])('%s is rejected with the reason', (_what, bytes, reason) => {
  expect(decodeOverlay('dialler', bytes)).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});
