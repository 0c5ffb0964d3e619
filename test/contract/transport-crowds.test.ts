/** What one machine can do that opens as much as it can: keep nobody else out. */

import { connect as connectTcp, createServer, type Socket } from 'node:net';

import { type Client, status as Status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { encodeVolunteerHello } from '../../src/wire/volunteer-codec.ts';
import {
  linkedPeers,
  overlayStream,
  startTestPeer,
  strangerClient,
  strangerHello,
  StrangerStream,
  type TestPeer,
} from '../support/transport-peer.ts';

/** All of 127.0.0.0/8 is this machine, and each of its addresses counts as another. */
const elsewhere = '127.0.0.2';

/** Leads to a peer, which then sees connections of another machine. */
async function doorElsewhere(to: TestPeer): Promise<{ readonly address: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connectTcp({ port: to.port, host: '127.0.0.1', localAddress: elsewhere });
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = await new Promise<ReturnType<typeof server.address>>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address()));
  });
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { address: `127.0.0.1:${address.port}` };
}

test('handshakes that it never goes on with leave room for those of others', async () => {
  const a = await startTestPeer();
  const silent = Array.from({ length: limits.handshakesMax }, () =>
    connectTcp({ port: a.port, host: '127.0.0.1', localAddress: elsewhere }),
  );
  onTestFinished(() => {
    for (const socket of silent) socket.destroy();
  });
  for (const socket of silent) socket.on('error', () => undefined);
  await Promise.all(
    silent.map((socket) => new Promise((resolve) => socket.on('connect', resolve))),
  );
  const b = await startTestPeer();
  b.transport.dial(a.address, a.peer);
  expect((await b.event('link-up')).peer).toBe(a.peer);
  expect(silent.filter(({ destroyed }) => destroyed).length).toBeLessThanOrEqual(1);
});

test('streams of strangers leave room for those of others, the newest of them goes', async () => {
  const a = await startTestPeer();
  const { path, responseDeserialize } = loadPeerProto().overlay.Exchange;
  const open = (client: Client) => new StrangerStream(client, path, responseDeserialize);
  const streams = await crowd(a, limits.overlayStreamsMax, open, strangerHello);
  const b = await startTestPeer();
  b.transport.dial(a.address, a.peer);
  expect((await b.event('link-up')).peer).toBe(a.peer);
  expect(await Promise.race(streams.map((stream) => stream.status()))).toMatchObject({
    code: Status.RESOURCE_EXHAUSTED,
    details: 'it has too many overlay streams; try another peer',
  });
});

test('so do those of volunteers', async () => {
  const a = await startTestPeer();
  const { path, responseDeserialize } = loadPeerProto().work.Compute;
  const open = (client: Client) => new StrangerStream(client, path, responseDeserialize);
  const streams = await crowd(a, limits.volunteersMax, open, encodeVolunteerHello());
  const b = await startTestPeer();
  b.transport.openWork(a.peer, [a.address]);
  expect((await b.event('requester-up')).peer).toBe(a.peer);
  expect(await Promise.race(streams.map((stream) => stream.status()))).toMatchObject({
    code: Status.RESOURCE_EXHAUSTED,
    details: 'it has too many volunteers; try later',
  });
});

test('frames that nobody understands are read no faster than any others', async () => {
  const [, b] = await linkedPeers();
  const stream = overlayStream(await strangerClient(b));
  stream.send(strangerHello);
  await stream.message(0);
  const fromMs = performance.now();
  // Field 31 of the frame. Some 8,000 are read at once, 500 in each second after that.
  for (let count = 0; count < 8_192 + 500; count++) {
    stream.send(Buffer.from([0x0a, 5, 0xfa, 1, 2, 8, 1]));
  }
  stream.send(loadPeerProto().overlay.Exchange.requestSerialize({ frame: { prune: {} } }));
  await b.event('overlay-message');
  expect(performance.now() - fromMs).toBeGreaterThan(900);
});

/**
 * So many open streams of one machine. Of each identity the last one says hello, which tells that
 * the others have arrived: they have 5 s to say it as well.
 */
async function crowd<Stream extends StrangerStream<unknown>>(
  at: TestPeer,
  count: number,
  open: (client: Client) => Stream,
  hello: Buffer,
): Promise<Stream[]> {
  const door = await doorElsewhere(at);
  const each = limits.streamsPerConnectionMax;
  const clients = await Promise.all(
    Array.from({ length: count / each }, async () => {
      const client = await strangerClient(door);
      await new Promise((resolve) => client.waitForReady(Infinity, resolve));
      return client;
    }),
  );
  const streams = await Promise.all(
    clients.map(async (client) => {
      const some = Array.from({ length: each }, () => open(client));
      some.at(-1)?.send(hello);
      await some.at(-1)?.message(0);
      return some;
    }),
  );
  return streams.flat();
}
