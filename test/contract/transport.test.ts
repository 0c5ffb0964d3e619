/** What `Transport` promises, over real TLS on loopback; and what only that has. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { createGridFile } from '../../src/transport/grid.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { tempDir } from '../support/temp-dir.ts';
import { realTransports } from '../support/real-transports.ts';
import {
  linkedPeers,
  overlayStream,
  startTestPeer,
  strangerClient,
  strangerHello,
} from '../support/transport-peer.ts';
import { someEvidence } from '../support/evidence-samples.ts';
import { eventsOf, overlayMessagesTo, typesOf } from '../support/transport-world.ts';
import { everyOverlayMessage, plain } from '../support/wire-samples.ts';
import { holdsTransportPromises } from './transport-promises.ts';

holdsTransportPromises(realTransports);

describe('links', () => {
  test('every message arrives as it was sent, from the dialler and from the dialled', async () => {
    const [a, b] = await linkedPeers();
    const evidence = { type: 'evidence', evidence: someEvidence(a.identity) } as const;
    const messages = [...everyOverlayMessage(a.identity), evidence];
    for (const message of messages) {
      a.transport.sendOverlay(b.peer, message);
      b.transport.sendOverlay(a.peer, message);
    }
    for (const peer of [a, b]) {
      await peer.event('overlay-message', () => overlayMessagesTo(peer).length === messages.length);
      expect(plain(overlayMessagesTo(peer))).toEqual(plain(messages));
    }
  });

  test('a peer that comes again has lost its stream: down, then up', async () => {
    const b = await startTestPeer();
    const identity = temporaryIdentity();
    for (const _ of [1, 2]) {
      const stream = overlayStream(await strangerClient(b, identity));
      stream.send(strangerHello);
      await stream.message(0);
    }
    expect(typesOf(b)).toEqual(['link-up', 'link-down', 'link-up']);
    expect(eventsOf(b, 'link-down')).toEqual([
      {
        type: 'link-down',
        peer: identity.peer,
        reason: 'it opened a new stream',
        offence: false,
      },
    ]);
  });
});

describe('dials that fail say why', () => {
  test('it has a name that is none', async () => {
    const a = await startTestPeer();
    a.transport.dial('nowhere.invalid:7000');
    const { reason } = await a.event('dial-failed');
    expect(reason).toBe('the name nowhere.invalid was not found');
  });

  test('it belongs to another grid, and both sides log that', async () => {
    const a = await startTestPeer();
    const grid = await createGridFile(join(tempDir(), 'grid.pem'), 'lab', Date.now());
    const b = await startTestPeer({ grid });
    a.transport.dial(b.address);
    const { reason } = await a.event('dial-failed');
    expect(reason).toMatch(
      /^it belongs to another grid: its certificate is not one of grid "open"/,
    );
    expect(await a.logged(/could not connect/)).toContain(reason);
    const refused = await b.logged(/^refused a connection from 127\.0\.0\.1:\d+: it /);
    expect(refused).toContain(`another grid than grid "lab" (${grid.fingerprint})`);
    expect(b.transport.stats().handshakesRefused).toBe(1);
    expect(b.events).toEqual([]);
  });

  test('two grids of one name are two grids', async () => {
    const directory = tempDir();
    const [one, two] = await Promise.all(
      ['1', '2'].map(async (file) => {
        const grid = await createGridFile(join(directory, file), 'lab', Date.now());
        return await startTestPeer({ grid });
      }),
    );
    if (one === undefined || two === undefined) throw new Error('no peers');
    one.transport.dial(two.address);
    expect((await one.event('dial-failed')).reason).toMatch(/^it belongs to another grid/);
  });

  test('it speaks no TLS', async () => {
    const a = await startTestPeer();
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    a.transport.dial(`127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    expect((await a.event('dial-failed')).reason).toBe(
      'it does not speak TLS 1.3, so it is no manyhands peer',
    );
  });
});
