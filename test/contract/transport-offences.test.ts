/** Which ends of a link are told as an offence: what no correct peer sends, and nothing else. */

import { describe, expect, test } from 'vitest';

import { temporaryIdentity } from '../../src/transport/identity.ts';
import type { OverlayFrame } from '../../src/wire/generated/manyhands/v1/OverlayFrame.ts';
import { signOffer } from '../../src/wire/offer-codec.ts';
import {
  overlayStream,
  startTestPeer,
  strangerClient,
  strangerFrame,
  strangerHello,
  strangerServer,
} from '../support/transport-peer.ts';
import { someKey, someOffer, someRecord } from '../support/wire-samples.ts';

const [key, other] = [someKey(), someKey()];
const { signed: offer } = signOffer(someOffer(key), key, key.privateKey);
const { signed: record } = someRecord(key);
const { signature } = someRecord(other).signed;

const offences: readonly (readonly [string, OverlayFrame, RegExp])[] = [
  ['an offer that was changed', { gossip: { offer: { ...offer, signature } } }, /signature/],
  ['an offer signed as a record', { gossip: { offer: record, hops: 1 } }, /signature/],
  ['a record that was changed', { join: { record: { ...record, signature } } }, /signature/],
  [
    'a bad record among good ones',
    { refuse: { peers: [record, { ...record, signature }] } },
    /sig/,
  ],
  ['a broken bound', { forwardJoin: { record, ttl: 9 } }, /ttl is 9/],
  ['a second hello', { hello: { protocolVersions: [1] } }, /second hello/],
];

describe('an offence', () => {
  test.each(offences)('%s, by a peer that dialled', async (_what, frame, reason) => {
    const b = await startTestPeer();
    const stream = overlayStream(await strangerClient(b));
    stream.send(strangerHello);
    await stream.message(0);
    stream.send(strangerFrame(frame));
    const down = await b.event('link-down');
    expect(down).toMatchObject({ reason: expect.stringMatching(reason), offence: true });
    expect((await stream.status()).details).toMatch(reason);
  });

  test.each(offences)('%s, by a peer that was dialled', async (_what, frame, reason) => {
    const b = await startTestPeer();
    const server = await strangerServer(temporaryIdentity(), (call) => {
      call.once('data', () => {
        call.write({ frame: { hello: { protocolVersions: [1] } } });
        call.write({ frame });
      });
    });
    b.transport.dial(server.address);
    const down = await b.event('link-down');
    expect(down).toMatchObject({ reason: expect.stringMatching(reason), offence: true });
  });

  test('before the hello fails the dial', async () => {
    const b = await startTestPeer();
    const server = await strangerServer(temporaryIdentity(), (call) => {
      call.once('data', () => call.write({ frame: { prune: {} } }));
    });
    b.transport.dial(server.address);
    expect((await b.event('dial-failed')).reason).toBe('the first message must be a hello');
    expect(b.events).toHaveLength(1);
  });
});

describe('no offence', () => {
  test.each<[string, (stream: ReturnType<typeof overlayStream>) => void]>([
    ['a stream that is closed', (stream) => stream.end()],
    ['a stream that is cancelled', (stream) => stream.cancel()],
  ])('%s', async (_what, close) => {
    const b = await startTestPeer();
    const stream = overlayStream(await strangerClient(b));
    stream.send(strangerHello);
    await stream.message(0);
    close(stream);
    expect(await b.event('link-down')).toMatchObject({ offence: false });
  });

  test('a message that only a later version understands', async () => {
    const b = await startTestPeer();
    const stream = overlayStream(await strangerClient(b));
    stream.send(strangerHello);
    await stream.message(0);
    // Field 31 of the frame, a message of two bytes.
    stream.send(Buffer.from([0x0a, 5, 0xfa, 1, 2, 8, 1]));
    stream.send(strangerFrame({ prune: {} }));
    await b.event('overlay-message');
    expect(b.events.map(({ type }) => type)).toEqual(['link-up', 'overlay-message']);
  });
});
