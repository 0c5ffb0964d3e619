/** Links that are closed again, at once or by peers that are stuck: nothing is left of them. */

import { describe, expect, test } from 'vitest';

import { temporaryIdentity } from '../../src/transport/identity.ts';
import {
  overlayStream,
  startTestPeer,
  strangerClient,
  strangerHello,
  strangerServer,
  type TestPeer,
} from '../support/transport-peer.ts';
import { eventsOf, typesOf } from '../support/transport-world.ts';
import { largeMessage, times } from '../support/wire-samples.ts';

/** Who hangs up. */
const both = 'dialler and dialled';

/** Open connections of this process. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length;
}

describe('hanging up', () => {
  test.each(['dialler', 'dialled', both])(
    'as soon as a link is up leaves nothing behind, done by the %s',
    async (who) => {
      const hangsUp = (name: string) => ({
        onEvent: (event: TestPeer['events'][number], transport: TestPeer['transport']) => {
          if (event.type !== 'link-up' || !who.includes(name)) return;
          transport.sendOverlay(event.peer, { type: 'prune' });
          transport.hangUp(event.peer);
        },
      });
      const a = await startTestPeer(hangsUp('dialler'));
      const b = await startTestPeer(hangsUp('dialled'));
      const told = who === 'dialler' ? b : a;
      const rounds = 30;
      for (let round = 1; round <= rounds; round++) {
        a.transport.dial(b.address, b.peer);
        await a.event('link-up', () => eventsOf(a, 'link-up').length === round);
        await b.event('link-up', () => eventsOf(b, 'link-up').length === round);
        if (who === both) continue;
        await told.event('link-down', () => eventsOf(told, 'link-down').length === round);
      }
      await expect.poll(() => sockets()).toBe(0);
      const toldOfEach = who === both ? ['link-up'] : ['link-up', 'overlay-message', 'link-down'];
      expect(typesOf(told)).toEqual(times(rounds, toldOfEach).flat());
      for (const peer of [a, b]) {
        expect(eventsOf(peer, 'link-up')).toHaveLength(rounds);
        expect(eventsOf(peer, 'dial-failed')).toEqual([]);
        expect(peer.transport.stats().framesQueued).toBe(0);
      }
    },
  );

  test('of a peer that dialled and does not read ends after a while', async () => {
    const b = await startTestPeer();
    const identity = temporaryIdentity();
    const stream = overlayStream(await strangerClient(b, identity));
    stream.send(strangerHello);
    await stream.message(0);
    stream.pause();
    for (let n = 0; n < 100; n++) b.transport.sendOverlay(identity.peer, largeMessage(b.peer));
    b.transport.hangUp(identity.peer);
    expect(b.transport.stats().framesQueued).toBeGreaterThan(50);
    await expect.poll(() => b.transport.stats().framesQueued).toBe(0);
    await expect.poll(() => sockets()).toBe(0);
    expect(typesOf(b)).toEqual(['link-up']);
  });

  test('of a peer that was dialled and does not read ends after a while', async () => {
    const b = await startTestPeer();
    const server = await strangerServer(temporaryIdentity(), (call) => {
      call.once('data', () => {
        call.write({ frame: { hello: { protocolVersions: [1] } } });
        call.pause();
      });
    });
    b.transport.dial(server.address);
    const { peer } = await b.event('link-up');
    for (let n = 0; n < 100; n++) b.transport.sendOverlay(peer, largeMessage(b.peer));
    b.transport.hangUp(peer);
    expect(b.transport.stats().framesQueued).toBeGreaterThan(50);
    await expect.poll(() => b.transport.stats().framesQueued).toBe(0);
    await expect.poll(() => sockets()).toBe(0);
    expect(typesOf(b)).toEqual(['link-up']);
  });
});
