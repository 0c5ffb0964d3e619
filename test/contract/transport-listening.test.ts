/** How a transport begins and ends, and the standard services that it offers. */

import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';

import { type Client } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import { loadGrid } from '../../src/transport/grid.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { createPeerTransport } from '../../src/transport/peer-transport.ts';
import { gridErrorOf } from '../support/grid-error-of.ts';
import {
  closeOf,
  eventsOf,
  neighbours,
  startTestPeer,
  strangerClient,
  StrangerStream,
} from '../support/transport-peer.ts';
import { someDigest, someJob } from '../support/wire-samples.ts';

describe('listening', () => {
  test('a taken port is said so', async () => {
    const a = await startTestPeer();
    const { identity } = a;
    const grid = await loadGrid(undefined);
    const log = { debug: ignore, info: ignore, warn: ignore };
    const clock = { nowMs: () => 0, unixMs: () => Date.now() };
    const second = await createPeerTransport(
      { listen: a.address, advertise: [] },
      { identity, grid, log, blobs: () => Promise.resolve(undefined), clock },
    );
    const error = await gridErrorOf(second.listen(ignore));
    expect(error.code).toBe('port-taken');
    expect(error.message).toContain(`Port ${a.port} of 127.0.0.1 is taken`);
    await second.close();
  });

  test('the standard health service answers', async () => {
    const b = await startTestPeer();
    const client = await strangerClient(b);
    const check = healthService['Check'];
    if (check === undefined) throw new Error('no Check');
    expect(await unary(client, check, { service: '' })).toEqual({ status: 'SERVING' });
  });

  test('server reflection lists the services', async () => {
    const b = await startTestPeer();
    const client = await strangerClient(b);
    const folder = join(import.meta.dirname, '../../node_modules/@grpc/reflection/build/proto');
    const reflection = loadSync('grpc/reflection/v1/reflection.proto', { includeDirs: [folder] });
    const definition = reflection['grpc.reflection.v1.ServerReflection'];
    if (definition === undefined || 'format' in definition) throw new Error('no reflection');
    const info = definition['ServerReflectionInfo'];
    if (info === undefined) throw new Error('no reflection');
    const stream = new StrangerStream(client, info.path, info.responseDeserialize);
    stream.send(info.requestSerialize({ listServices: '*' }));
    expect(JSON.stringify(await stream.message(0))).toMatch(
      /manyhands\.v1\.Overlay.*manyhands\.v1\.Work.*manyhands\.v1\.Blobs/,
    );
  });

  test('closing twice is closing once, and leaves nothing behind', async () => {
    const [a, b] = await neighbours();
    a.transport.openWork(b.peer, [b.address]);
    await a.event('requester-up');
    await Promise.all([a.transport.close(), a.transport.close()]);
    await a.transport.close();
    const before = a.events.length;
    a.transport.dial(b.address);
    a.transport.sendOverlay(b.peer, { type: 'refuse' });
    await b.event('neighbour-down');
    await b.event('volunteer-down');
    expect(a.events).toHaveLength(before);
    await expect(a.transport.fetchBlob(b.peer, [b.address], someDigest, 1)).rejects.toThrow(
      'This peer is closing.',
    );
    expect(String(await closeOf(connectTcp(a.port, '127.0.0.1')))).toContain('ECONNREFUSED');
    expect(eventsOf(b, 'neighbour-up')).toHaveLength(1);
  });

  test('a stranger that says nothing after connecting does not hold up the end', async () => {
    const a = await startTestPeer();
    const silent = connectTcp(a.port, '127.0.0.1');
    await once(silent, 'connect');
    // Connections come in order: the listener has the silent one when this one is done.
    await strangerClient(a).then(async (client) => {
      const check = healthService['Check'];
      if (check !== undefined) await unary(client, check, { service: '' });
    });
    const gone = closeOf(silent);
    await a.transport.close();
    expect(String(await gone)).not.toContain('timed out');
    expect(a.logLines.filter((line) => line.includes('in time'))).toEqual([]);
  });

  test('nothing is sent to peers that are not there, and that is no error', async () => {
    const a = await startTestPeer();
    const nobody: PeerId = temporaryIdentity().peer;
    a.transport.sendOverlay(nobody, { type: 'refuse' });
    a.transport.sendToRequester(nobody, { type: 'ask', job: someJob, count: 1 });
    a.transport.sendToVolunteer(nobody, { type: 'job-ended', job: someJob });
    a.transport.hangUp(nobody);
    a.transport.closeWork(nobody);
    expect(a.events).toEqual([]);
  });
});

function ignore(): void {}

type Method = {
  readonly path: string;
  readonly requestSerialize: (message: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
};

function unary(client: Client, method: Method, request: object): Promise<object | undefined> {
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      (error, response) => (error === null ? resolve(response) : reject(error)),
    );
  });
}
