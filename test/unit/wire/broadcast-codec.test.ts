import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { OfferName } from '../../../src/model/offer.ts';
import type { OverlayFrame } from '../../../src/wire/generated/manyhands/v1/OverlayFrame.ts';
import { signOffer } from '../../../src/wire/offer-codec.ts';
import { decodeOverlay, encodeOverlay } from '../../../src/wire/overlay-codec.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { messageOf, someJob, someKey, someOffer, times } from '../../support/wire-samples.ts';

const requester = someKey();
const offer = signOffer(someOffer(requester), requester, requester.privateKey);
const name: OfferName = { requester: requester.peer, job: someJob, sequence: 3 };
const nameProto = { ...name, jobId: Buffer.from(someJob, 'hex') };

function frame(message: OverlayFrame): Buffer {
  return loadPeerProto().overlay.Exchange.requestSerialize({ frame: message });
}

function empties(count: number): Record<string, never>[] {
  return Array.from({ length: count }, () => ({}));
}

test('what is sent is cut to what the receiver allows', () => {
  const gossip = encodeOverlay('dialler', { type: 'gossip', offer, hops: 300 });
  expect(messageOf(decodeOverlay('dialler', gossip), 'gossip').hops).toBe(limits.offerHopsMax);
  const have = encodeOverlay('dialler', { type: 'have', offers: times(2000, { name, hops: 300 }) });
  const announced = messageOf(decodeOverlay('dialler', have), 'have').offers;
  expect(announced).toEqual(times(limits.offerNamesPerFrameMax, { name, hops: 255 }));
  for (const type of ['graft', 'want'] as const) {
    const bytes = encodeOverlay('dialler', { type, offers: times(2000, name) });
    expect(messageOf(decodeOverlay('dialler', bytes), type).offers).toHaveLength(1024);
  }
});

test.each<[string, OverlayFrame, RegExp]>([
  ['gossip without an offer', { gossip: {} }, /no offer/],
  ['gossip from afar', { gossip: { offer: offer.signed, hops: 256 } }, /hops is 256/],
  ['too many announcements', { have: { offers: empties(1025) } }, /more than 1024/],
  ['an announcement of nothing', { have: { offers: [{}] } }, /name is not set/],
  ['an announcement from afar', { have: { offers: [{ name: nameProto, hops: 256 }] } }, /hops/],
  ['an empty name', { have: { offers: [{ name: {} }] } }, /requester is not 52/],
  ['too many grafts', { graft: { offers: empties(1025) } }, /more than 1024/],
  [
    'a requester that is none',
    { graft: { offers: [{ ...nameProto, requester: 'x' }] } },
    /request/,
  ],
  ['a short job id', { graft: { offers: [{ ...nameProto, jobId: Buffer.alloc(31) }] } }, /job_id/],
  ['too many wants', { want: { offers: empties(1025) } }, /more than 1024/],
  ['an inexact sequence', { want: { offers: [{ ...nameProto, sequence: 2 ** 53 }] } }, /sequence/],
])('%s is rejected with the reason', (_what, message, reason) => {
  expect(decodeOverlay('dialler', frame(message))).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});
