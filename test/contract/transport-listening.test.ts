/** How a transport begins and ends, and the standard services that it offers. */

import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';

import { type Client } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { describe, expect, test } from 'vitest';

import { loadGrid } from '../../src/transport/grid.ts';
import { createPeerTransport } from '../../src/transport/peer-transport.ts';
import { gridErrorOf } from '../support/grid-error-of.ts';
import {
  closeOf,
  linkedPeers,
  startTestPeer,
  strangerClient,
  StrangerStream,
} from '../support/transport-peer.ts';
import { someDigest } from '../support/wire-samples.ts';

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

  test('once it is closed nothing is fetched, and nobody listens', async () => {
    const [a, b] = await linkedPeers();
    await a.transport.close();
    await expect(a.transport.fetchBlob(b.peer, [b.address], someDigest, 1)).rejects.toThrow(
      'This peer is closing.',
    );
    expect(String(await closeOf(connectTcp(a.port, '127.0.0.1')))).toContain('ECONNREFUSED');
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
