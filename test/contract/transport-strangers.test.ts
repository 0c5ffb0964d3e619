/** What strangers can do to a transport: be refused, with the reason. */

import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';

import { status as Status } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { issueLeaf } from '../../src/transport/certificate.ts';
import { createGridFile } from '../../src/transport/grid.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { encodeVolunteer, encodeVolunteerHello } from '../../src/wire/volunteer-codec.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  closeOf,
  linkedPeers,
  overlayStream,
  startTestPeer,
  strangerClient,
  strangerFrame,
  strangerHello,
  StrangerStream,
} from '../support/transport-peer.ts';
import { someJob, someResult } from '../support/wire-samples.ts';

const { work } = loadPeerProto();

describe('strangers', () => {
  test('without a certificate nobody gets in', async () => {
    const a = await startTestPeer();
    const options = { host: '127.0.0.1', port: a.port, ALPNProtocols: ['h2'] };
    await closeOf(connectTls({ ...options, rejectUnauthorized: false }));
    expect(await a.logged(/refused a connection/)).toMatch(
      /it showed no certificate, so it is no member of grid "open"/,
    );
  });

  test('a certificate of another grid is refused, whether or not it checks ours', async () => {
    const a = await startTestPeer();
    const grid = await createGridFile(join(tempDir(), 'grid.pem'), 'open', Date.now());
    const identity = temporaryIdentity();
    const socket = connectTls({
      host: '127.0.0.1',
      port: a.port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      cert: await issueLeaf(identity.peer, identity.key, grid, Date.now()),
      key: identity.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    });
    await closeOf(socket);
    expect(await a.logged(/refused a connection/)).toMatch(
      /it belongs to another grid: its certificate is not one of grid "open"/,
    );
  });

  test('TLS before 1.3 is not spoken', async () => {
    const a = await startTestPeer();
    const options = { host: '127.0.0.1', port: a.port, rejectUnauthorized: false };
    const socket = connectTls({ ...options, maxVersion: 'TLSv1.2' });
    expect(String(await closeOf(socket))).toMatch(/protocol version/);
  });

  test('garbage, silence and hundreds of broken connections do no harm', async () => {
    const [a, b] = await linkedPeers();
    const silent = connectTcp(b.port, '127.0.0.1');
    onTestFinished(() => void silent.destroy());
    for (let round = 0; round < 3 * limits.handshakesMax; round++) {
      const socket = connectTcp(b.port, '127.0.0.1');
      socket.end(round % 2 === 0 ? 'GET / HTTP/1.0\r\n\r\n' : '');
      socket.resume();
      await closeOf(socket);
    }
    a.transport.sendOverlay(b.peer, { type: 'prune' });
    await b.event('overlay-message');
    const c = await startTestPeer();
    c.transport.dial(b.address);
    expect((await c.event('link-up')).peer).toBe(b.peer);
  });

  test('a broken frame ends its stream with the reason, and the others go on', async () => {
    const [a, b] = await linkedPeers();
    const client = await strangerClient(b);
    const stream = overlayStream(client);
    stream.send(strangerHello);
    await stream.message(0);
    stream.send(strangerFrame({ ping: { id: 2 ** 53 } }));
    const reason = 'id is 9007199254740992, expected 0 to 9007199254740991';
    expect(await stream.status()).toEqual(
      expect.objectContaining({ code: Status.INVALID_ARGUMENT, details: reason }),
    );
    expect(await b.logged(/ended a stream/)).toContain(reason);
    expect(b.transport.stats().framesRejected).toBe(1);
    expect(await b.event('link-down')).toMatchObject({ reason, offence: true });
    a.transport.sendOverlay(b.peer, { type: 'prune' });
    await b.event('overlay-message', ({ from }) => from === a.peer);
  });

  test.each<[string, Buffer, number]>([
    ['bytes that are no message', Buffer.from([0xff, 0xff]), Status.INVALID_ARGUMENT],
    [
      'a frame over its bound',
      Buffer.concat([
        strangerHello,
        Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x02]),
        Buffer.alloc(2 ** 22),
      ]),
      Status.INVALID_ARGUMENT,
    ],
    ['a frame far over its bound', Buffer.alloc(2 ** 23), Status.RESOURCE_EXHAUSTED],
    ['another message before the hello', strangerFrame({ prune: {} }), Status.INVALID_ARGUMENT],
  ])('%s is refused', async (_what, bytes, code) => {
    const b = await startTestPeer();
    const stream = overlayStream(await strangerClient(b));
    stream.send(bytes);
    expect((await stream.status()).code).toBe(code);
    expect(b.events).toEqual([]);
  });

  test('a second hello is refused', async () => {
    const b = await startTestPeer();
    const stream = overlayStream(await strangerClient(b));
    stream.send(strangerHello);
    stream.send(strangerHello);
    expect(await stream.status()).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'a second hello',
    });
  });

  test('another version or a required feature ends the stream, naming both sides', async () => {
    const b = await startTestPeer();
    const client = await strangerClient(b);
    for (const hello of [
      { protocolVersions: [2, 3] },
      { protocolVersions: [1], requiredFeatures: ['teleport'] },
    ]) {
      const stream = overlayStream(client);
      stream.send(strangerFrame({ hello }));
      const { code, details } = await stream.status();
      expect(code).toBe(Status.FAILED_PRECONDITION);
      expect(details).toContain('This one has versions 1');
      expect(details).toContain(`versions ${hello.protocolVersions.join(', ')}`);
    }
    expect(b.events).toEqual([]);
  });

  test('results signed by another key than the certificate are refused', async () => {
    const b = await startTestPeer();
    const [volunteer, signer] = [temporaryIdentity(), temporaryIdentity()];
    const client = await strangerClient(b, volunteer);
    const results = {
      type: 'results' as const,
      frame: { job: someJob, replicas: [someResult(1)] },
    };
    const stream = new StrangerStream(client, work.Compute.path, work.Compute.responseDeserialize);
    stream.send(encodeVolunteerHello());
    for (const frame of encodeVolunteer(results, volunteer.privateKey)) stream.send(frame);
    await b.event('volunteer-message');
    for (const frame of encodeVolunteer(results, signer.privateKey)) stream.send(frame);
    expect(await stream.status()).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining('signature'),
    });
    expect(await b.event('volunteer-down')).toEqual({
      type: 'volunteer-down',
      peer: volunteer.peer,
    });
  });

  test('whoever opens a stream and says nothing is refused after a while', async () => {
    const b = await startTestPeer();
    const stream = overlayStream(await strangerClient(b));
    expect(await stream.status()).toMatchObject({
      code: Status.DEADLINE_EXCEEDED,
      details: 'no hello within 5 s',
    });
  });
});
