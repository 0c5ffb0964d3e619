/** What `Transport` promises about neighbours and dials, over real TLS on loopback. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';

import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status as Status,
} from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import { issueLeaf } from '../../src/transport/certificate.ts';
import { createGridFile, loadGrid } from '../../src/transport/grid.ts';
import { type Identity, temporaryIdentity } from '../../src/transport/identity.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  eventsOf,
  neighbours,
  overlayStream,
  startTestPeer,
  strangerClient,
  strangerHello,
} from '../support/transport-peer.ts';
import { someOffer } from '../support/wire-samples.ts';

describe('neighbours', () => {
  test('both sides learn who the other is, and who dialled', async () => {
    const [a, b] = await neighbours();
    expect(a.events).toEqual([
      {
        type: 'neighbour-up',
        peer: b.peer,
        addresses: [b.address],
        direction: 'outgoing',
        dialled: b.address,
      },
    ]);
    expect(b.events).toEqual([
      { type: 'neighbour-up', peer: a.peer, addresses: [a.address], direction: 'incoming' },
    ]);
  });

  test('messages arrive in order, both ways, with their bounds checked', async () => {
    const [a, b] = await neighbours();
    const peersOf = (port: number) => ({
      type: 'peers' as const,
      peers: [{ peer: b.peer, addresses: [`127.0.0.1:${port}`] }],
    });
    const offer = a.transport.sign(someOffer(a.identity));
    for (let port = 1; port <= 500; port++) a.transport.sendOverlay(b.peer, peersOf(port));
    a.transport.sendOverlay(b.peer, { type: 'gossip', offer });
    b.transport.sendOverlay(a.peer, { type: 'refuse' });
    const gossip = await b.event('overlay-message', ({ message }) => message.type === 'gossip');
    expect(gossip).toMatchObject({ from: a.peer, message: { offer: { offer: offer.offer } } });
    const messages = eventsOf(b, 'overlay-message').map(({ message }) => message);
    expect(messages.slice(0, 500)).toEqual(
      Array.from({ length: 500 }, (_, index) => peersOf(index + 1)),
    );
    expect((await a.event('overlay-message')).message).toEqual({ type: 'refuse' });
  });

  test('what was sent before hanging up arrives, and only the other side is told', async () => {
    const [a, b] = await neighbours();
    b.transport.sendOverlay(a.peer, { type: 'peers', peers: [] });
    b.transport.sendOverlay(a.peer, { type: 'refuse' });
    b.transport.hangUp(a.peer);
    const down = await a.event('neighbour-down');
    expect(down).toEqual({
      type: 'neighbour-down',
      peer: b.peer,
      reason: 'it closed the stream',
    });
    expect(a.events.map(({ type }) => type)).toEqual([
      'neighbour-up',
      'overlay-message',
      'overlay-message',
      'neighbour-down',
    ]);
    a.transport.dial(b.address, b.peer);
    await b.event('neighbour-up', () => eventsOf(b, 'neighbour-up').length === 2);
    expect(eventsOf(b, 'neighbour-down')).toEqual([]);
  });

  test('of streams dialled at once one is left, and no event tells of the other', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = await Promise.all([startTestPeer(), startTestPeer()]);
      a.transport.dial(b.address, b.peer);
      b.transport.dial(a.address);
      const [up] = await Promise.all([a.event('neighbour-up'), b.event('neighbour-up')]);
      // Whichever way the two crossed, both sides hold the same stream: what is sent arrives.
      a.transport.sendOverlay(b.peer, { type: 'refuse' });
      b.transport.sendOverlay(a.peer, { type: 'refuse' });
      await Promise.all([a.event('overlay-message'), b.event('overlay-message')]);
      const outgoing = [a, b].filter((peer) =>
        eventsOf(peer, 'neighbour-up').some(({ direction }) => direction === 'outgoing'),
      );
      expect(outgoing).toHaveLength(1);
      expect(up.peer).toBe(b.peer);
      expect(a.events.map(({ type }) => type)).toEqual(['neighbour-up', 'overlay-message']);
      expect(b.events.map(({ type }) => type)).toEqual(['neighbour-up', 'overlay-message']);
    }
  });

  test('the dial of the smaller id prevails, whichever hello comes first', async () => {
    const b = await startTestPeer();
    const [smaller, larger] = [
      identityWhere((id) => id < b.peer),
      identityWhere((id) => id > b.peer),
    ];
    const outcomes: number[] = [];
    for (const other of [smaller, larger]) {
      // Reached by b's dial, which says hello and waits for an answer; then it dials b.
      const server = await silentServer(other);
      b.transport.dial(server.address);
      await server.greeted;
      const stream = overlayStream(await strangerClient(b, other));
      stream.send(strangerHello);
      const [reached] = await Promise.allSettled([stream.message(0)]);
      outcomes.push(reached.status === 'fulfilled' ? Status.OK : (await stream.status()).code);
    }
    expect(outcomes).toEqual([Status.OK, Status.ABORTED]);
    expect(b.events).toEqual([
      {
        type: 'neighbour-up',
        peer: smaller.peer,
        addresses: [],
        direction: 'incoming',
        dialled: expect.any(String),
      },
    ]);
  });

  test('dialling a neighbour again fails and changes nothing', async () => {
    const [a, b] = await neighbours();
    a.transport.dial(b.address);
    expect((await a.event('dial-failed')).reason).toBe('it is a neighbour already');
    b.transport.sendOverlay(a.peer, { type: 'refuse' });
    await a.event('overlay-message');
    expect(eventsOf(b, 'neighbour-up')).toHaveLength(1);
  });

  test('a peer that comes again has lost its stream: down, then up', async () => {
    const b = await startTestPeer();
    const identity = temporaryIdentity();
    for (const _ of [1, 2]) {
      const stream = overlayStream(await strangerClient(b, identity));
      stream.send(strangerHello);
      await stream.message(0);
    }
    expect(b.events.map(({ type }) => type)).toEqual([
      'neighbour-up',
      'neighbour-down',
      'neighbour-up',
    ]);
  });

  test('a neighbour that closes is reported with the reason', async () => {
    const [a, b] = await neighbours();
    await a.transport.close();
    expect(await b.event('neighbour-down')).toMatchObject({ peer: a.peer });
  });
});

describe('dials that fail say why', () => {
  test('nothing listens', async () => {
    const a = await startTestPeer();
    const b = await startTestPeer();
    await b.transport.close();
    a.transport.dial(b.address);
    expect(await a.event('dial-failed')).toEqual({
      type: 'dial-failed',
      address: b.address,
      reason: 'connection refused: nothing listens there',
    });
  });

  test('a name that is none, and text that is no address', async () => {
    const a = await startTestPeer();
    a.transport.dial('nowhere.invalid:7000');
    a.transport.dial('unix:/run/socket');
    const [first, second] = [
      await a.event('dial-failed', ({ address }) => address.startsWith('nowhere')),
      await a.event('dial-failed', ({ address }) => address.startsWith('unix')),
    ];
    expect(first.reason).toBe('the name nowhere.invalid was not found');
    expect(second.reason).toBe('it is not "host:port"');
  });

  test('it is this peer itself', async () => {
    const a = await startTestPeer();
    a.transport.dial(a.address);
    expect((await a.event('dial-failed')).reason).toBe('it is this peer itself');
  });

  test('it is another peer than the one meant', async () => {
    const [a, b, c] = await Promise.all([startTestPeer(), startTestPeer(), startTestPeer()]);
    a.transport.dial(b.address, c.peer);
    expect((await a.event('dial-failed')).reason).toBe(
      `it is another peer: ${b.peer.slice(0, 8)}, not ${c.peer.slice(0, 8)}`,
    );
    expect(b.events).toEqual([]);
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

function identityWhere(fits: (id: PeerId) => boolean): Identity {
  for (;;) {
    const identity = temporaryIdentity();
    if (fits(identity.peer)) return identity;
  }
}

/** A gRPC server that takes overlay streams and never answers. */
async function silentServer(
  identity: Identity,
): Promise<{ address: string; greeted: Promise<void> }> {
  const grid = await loadGrid(undefined);
  const leaf = await issueLeaf(identity.peer, identity.key, grid, Date.now());
  const server = new Server();
  const greeted = Promise.withResolvers<void>();
  server.addService(loadPeerProto().overlay, {
    Exchange: (call: ServerDuplexStream<unknown, unknown>) => {
      call.on('data', () => greeted.resolve());
    },
  });
  const key = Buffer.from(identity.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const pair = { private_key: key, cert_chain: Buffer.from(leaf) };
  const secure = ServerCredentials.createSsl(Buffer.from(grid.certificate), [pair], true);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', secure, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  onTestFinished(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, greeted: greeted.promise };
}
