/** Hellos of two peers that dial each other at the same moment, in each order they may come in. */

import { status as Status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { expect, test } from 'vitest';

import {
  identityWhere,
  overlayStream,
  startTestPeer,
  type StrangerCall,
  strangerClient,
  strangerFrame,
  strangerHello,
  strangerServer,
  type StrangerStream,
  type TestPeer,
} from '../support/transport-peer.ts';
import { eventsOf, typesOf } from '../support/transport-world.ts';

const theirHello = { frame: { hello: { protocolVersions: [1] } } };

test('the dial of the smaller id prevails, whichever hello comes first', async () => {
  const b = await startTestPeer();
  const smaller = identityWhere((id) => id < b.peer);
  const larger = identityWhere((id) => id > b.peer);
  const outcomes: number[] = [];
  for (const other of [smaller, larger]) {
    // Reached by b's dial, which says hello and waits for an answer; then it dials b.
    const greeted = Promise.withResolvers<void>();
    const server = await strangerServer(other, (call) => call.on('data', () => greeted.resolve()));
    b.transport.dial(server.address);
    await greeted.promise;
    const stream = overlayStream(await strangerClient(b, other));
    stream.send(strangerHello);
    const [reached] = await Promise.allSettled([stream.message(0)]);
    outcomes.push(reached.status === 'fulfilled' ? Status.OK : (await stream.status()).code);
  }
  expect(outcomes).toEqual([Status.OK, Status.ABORTED]);
  expect(b.events).toEqual([
    {
      type: 'link-up',
      peer: smaller.peer,
      direction: 'incoming',
      dialled: expect.any(String),
      remote: '127.0.0.1',
    },
  ]);
});

/** A peer that has dialled a stranger with a larger id, whose own hello comes late. */
async function lateHello(): Promise<{
  b: TestPeer;
  /** What b dialled. */
  link: StrangerCall;
  /** What the stranger dialled. */
  late: StrangerStream<unknown>;
  /** Resolves when b has seen all that came before on the connection of `late`. */
  seen: () => Promise<void>;
}> {
  const b = await startTestPeer();
  const larger = identityWhere((id) => id > b.peer);
  const dialled = Promise.withResolvers<StrangerCall>();
  const server = await strangerServer(larger, (call) => {
    call.once('data', () => call.write(theirHello));
    dialled.resolve(call);
  });
  b.transport.dial(server.address);
  const link = await dialled.promise;
  await b.event('link-up');
  const client = await strangerClient(b, larger);
  const late = overlayStream(client);
  late.send(strangerHello);
  const { path, requestSerialize, responseDeserialize } = healthService['Check'] ?? never();
  const seen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = { service: '' };
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  return { b, link, late, seen };
}

function never(): never {
  throw new Error('no Check');
}

test('a hello that comes late of a stream that is forgotten changes nothing', async () => {
  const { b, link, late, seen } = await lateHello();
  await seen();
  late.cancel();
  await seen();
  link.write({ frame: { prune: {} } });
  await b.event('overlay-message');
  expect(typesOf(b)).toEqual(['link-up', 'overlay-message']);
});

test('a late hello waits for the end of the stream before it', async () => {
  const { b, link, late, seen } = await lateHello();
  await seen();
  expect(late.received).toEqual([]);
  link.end();
  await late.message(0);
  expect(b.events).toMatchObject([
    { type: 'link-up', direction: 'outgoing' },
    { type: 'link-down', reason: 'it closed the stream', offence: false },
    { type: 'link-up', direction: 'incoming' },
  ]);
});

test('a late hello is answered once this peer has hung up', async () => {
  const { b, late, seen } = await lateHello();
  await seen();
  b.transport.hangUp(eventsOf(b, 'link-up')[0]?.peer ?? never());
  await late.message(0);
  expect(typesOf(b)).toEqual(['link-up', 'link-up']);
});

test('a late hello that stays has a reason: the stream before it is lost', async () => {
  const { b, late } = await lateHello();
  await late.message(0);
  expect(b.events).toMatchObject([
    { type: 'link-up', direction: 'outgoing' },
    { type: 'link-down', reason: 'it opened a new stream', offence: false },
    { type: 'link-up', direction: 'incoming' },
  ]);
});

test('who speaks before it is answered is not heard', async () => {
  const { b, link, late, seen } = await lateHello();
  late.send(strangerFrame({ ping: { id: 1 } }));
  await seen();
  link.end();
  await late.message(0);
  late.send(strangerFrame({ ping: { id: 2 } }));
  const { message } = await b.event('overlay-message');
  expect(message).toEqual({ type: 'ping', id: 2 });
});
