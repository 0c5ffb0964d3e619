/** Offers as they come in gossip. */

import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { Offer__Output } from '../../../src/wire/generated/manyhands/v1/Offer.ts';
import type { OverlayFrame } from '../../../src/wire/generated/manyhands/v1/OverlayFrame.ts';
import { signOffer } from '../../../src/wire/offer-codec.ts';
import { decodeOverlay, encodeOverlay } from '../../../src/wire/overlay-codec.ts';
import { loadPeerProto } from '../../../src/wire/proto.ts';
import { signBytes } from '../../../src/wire/signing.ts';
import { messageOf, someDigest, someKey, someOffer, times } from '../../support/wire-samples.ts';

const requester = someKey();
const proto = loadPeerProto();

function frame(message: OverlayFrame): Buffer {
  return proto.overlay.Exchange.requestSerialize({ frame: message });
}

/** An offer signed as it stands, right or wrong. */
function gossip(changes: Partial<Offer__Output> | Record<string, unknown>): Buffer {
  const good = proto.offer.deserialize(
    Buffer.from(signOffer(someOffer(requester), requester, requester.privateKey).signed.payload),
  );
  const payload = proto.offer.serialize({ ...good, ...changes });
  const signature = signBytes(requester.privateKey, 'manyhands/v1/offer', payload);
  return frame({ gossip: { offer: { payload, publicKey: requester.spki, signature } } });
}

test("an offer's requester is the holder of its key", () => {
  const other = someKey();
  const forged = someOffer(other);
  expect(() => signOffer(forged, requester, requester.privateKey)).toThrow(/not of/);
});

test('an offer with the longest name and addresses fits its bound', () => {
  const addresses = Array.from({ length: 8 }, () => `${'a'.repeat(253)}:65535`);
  const name = '\u{1f41d}'.repeat(100);
  const offer = signOffer(
    someOffer(requester, { addresses, name }),
    requester,
    requester.privateKey,
  );
  const decoded = decodeOverlay(
    'dialler',
    encodeOverlay('dialler', { type: 'gossip', offer, hops: 1 }),
  );
  expect(decoded.type).toBe('message');
});

test('names can not move the cursor of who reads them', () => {
  const decoded = decodeOverlay('dialler', gossip({ name: 'a\u001b[2Jb\u202ec\nd' }));
  expect(messageOf(decoded, 'gossip').offer.offer.name).toBe('a\ufffd[2Jb\ufffdc\ufffdd');
});

test('an offer of a runtime that only a later version knows is ignored', () => {
  expect(decodeOverlay('dialler', gossip({ runtime: 7 }))).toEqual({ type: 'unknown' });
});

test('a WASI program is offered with its setup and as large as a module may be', () => {
  const setup = { digest: someDigest, bytes: 2 ** 16 };
  const offer = someOffer(requester, { runtime: 'wasi', programBytes: 2 ** 26, setup });
  const sent = signOffer(offer, requester, requester.privateKey);
  const bytes = encodeOverlay('dialler', { type: 'gossip', offer: sent, hops: 1 });
  expect(messageOf(decodeOverlay('dialler', bytes), 'gossip').offer.offer).toEqual(offer);
});

test('an offer that says nothing of stderr keeps none of it', () => {
  const limitsOf = { wallMsMax: 1, memoryBytesMax: 2, resultBytesMax: 3 };
  const { offer } = messageOf(
    decodeOverlay('dialler', gossip({ limits: limitsOf })),
    'gossip',
  ).offer;
  expect(offer.limits).toEqual({ ...limitsOf, stderrBytesMax: 0 });
});

const setupBlob = { digest: Buffer.from(someDigest, 'hex'), bytes: 10 };

function wasiGossip(changes: Record<string, unknown>): Buffer {
  return gossip({ runtime: 'RUNTIME_WASI', setup: setupBlob, ...changes });
}

const bytes31 = Buffer.alloc(31);

test.each<[string, Buffer, RegExp]>([
  ['an offer without a key', frame({ gossip: { offer: { payload: bytes31 } } }), /public key/],
  ['an empty offer', frame({ gossip: { offer: {} } }), /signed offer/],
  [
    'an offer over its bound',
    frame({ gossip: { offer: { payload: Buffer.alloc(4096), publicKey: requester.spki } } }),
    /signed offer has 4096 bytes/,
  ],
  [
    'an offer that was changed',
    frame({
      gossip: {
        offer: {
          payload: Buffer.from('x'),
          publicKey: requester.spki,
          signature: signBytes(requester.privateKey, 'manyhands/v1/offer', Buffer.from('y')),
        },
      },
    }),
    /signature/,
  ],
  ['an offer with a short job id', gossip({ jobId: bytes31 }), /job_id has 31 bytes/],
  ['an offer with a short digest', gossip({ programDigest: bytes31 }), /program_digest/],
  ['an offer with a bad address', gossip({ addresses: ['x'] }), /host:port/],
  ['an offer with too many addresses', gossip({ addresses: times(9, 'a:1') }), /8/],
  ['an offer with a long name', gossip({ name: 'n'.repeat(65) }), /name has 65 characters/],
  ['an offer without a runtime', gossip({ runtime: 'RUNTIME_UNSPECIFIED' }), /runtime/],
  ['an offer of an empty program', gossip({ programBytes: 0 }), /program_bytes/],
  ['an offer of a huge script', gossip({ programBytes: 2 ** 23 + 1 }), /program_bytes/],
  ['an offer of a huge module', wasiGossip({ programBytes: 2 ** 26 + 1 }), /program_bytes/],
  ['an offer of a script with a setup', gossip({ setup: setupBlob }), /has no setup/],
  ['an offer of a module without a setup', wasiGossip({ setup: null }), /the setup has no blob/],
  [
    'an offer of a huge setup',
    wasiGossip({ setup: { ...setupBlob, bytes: 2 ** 16 + 1 } }),
    /size of the setup/,
  ],
  [
    'an offer of a setup with a short digest',
    wasiGossip({ setup: { digest: bytes31, bytes: 1 } }),
    /digest of the setup has 31 bytes/,
  ],
  ['an offer without limits', gossip({ limits: null }), /limits/],
  ['an offer with an inexact number', gossip({ sequence: 2 ** 53 }), /sequence/],
  ['an offer of inexactly many replicas', gossip({ replicasOpen: 2 ** 60 }), /replicas_open/],
  ['an offer for ever', gossip({ expiresAtMs: 2 ** 60 }), /expires_at_ms/],
  [
    'an offer without time',
    gossip({ limits: { memoryBytesMax: 1, resultBytesMax: 1 } }),
    /wall_ms/,
  ],
  ['an offer without memory', gossip({ limits: { wallMsMax: 1, resultBytesMax: 1 } }), /memory/],
  [
    'an offer of huge results',
    gossip({
      limits: { wallMsMax: 1, memoryBytesMax: 1, resultBytesMax: limits.resultBytesMax + 1 },
    }),
    /result_bytes_max/,
  ],
  [
    'an offer that keeps a flood of stderr',
    gossip({
      limits: { wallMsMax: 1, memoryBytesMax: 1, resultBytesMax: 1, stderrBytesMax: 2 ** 16 + 1 },
    }),
    /stderr_bytes_max/,
  ],
])('%s is rejected with the reason', (_what, bytes, reason) => {
  expect(decodeOverlay('dialler', bytes)).toEqual({
    type: 'rejected',
    reason: expect.stringMatching(reason),
  });
});
