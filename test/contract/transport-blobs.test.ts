/** What `Transport` promises about blobs, over real TLS on loopback. */

import { once } from 'node:events';

import { Metadata, status as Status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { startTestPeer, strangerClient, type TestPeer } from '../support/transport-peer.ts';
import { someDigest } from '../support/wire-samples.ts';

const { blobs } = loadPeerProto();

const blob = Buffer.alloc(1_000_000, 'manyhands');
const digest = digestOf(blob);
const serving = () => startTestPeer({ blobs: async (d) => (d === digest ? blob : undefined) });

test('a blob of several pieces arrives whole', async () => {
  const [a, b] = await Promise.all([startTestPeer(), serving()]);
  const bytes = await a.transport.fetchBlob(b.peer, [b.address], digest, blob.length);
  expect(blob.equals(bytes)).toBe(true);
  expect(b.transport.stats().bytesOut).toBe(a.transport.stats().bytesIn);
});

test('a blob that is not there, too large, damaged or out of reach says so', async () => {
  const [a, b, liar] = await Promise.all([
    startTestPeer(),
    serving(),
    startTestPeer({ blobs: async () => Buffer.from('something else') }),
  ]);
  const fetch = (from: TestPeer, addresses: string[], bytesMax: number, wanted = digest) =>
    a.transport.fetchBlob(from.peer, addresses, wanted, bytesMax);
  await expect(fetch(b, [b.address], blob.length, someDigest)).rejects.toThrow(
    /the blob is not offered here/,
  );
  await expect(fetch(b, [b.address], blob.length - 1)).rejects.toThrow(
    /it has 1000000 bytes, at most 999999 are allowed/,
  );
  await expect(fetch(liar, [liar.address], blob.length)).rejects.toThrow(/it is damaged/);
  await expect(fetch(b, [], blob.length)).rejects.toThrow(/the peer has no address/);
  await expect(fetch(b, ['nonsense', liar.address], blob.length)).rejects.toThrow(
    /nonsense: it is not "host:port"; .*: it is another peer/,
  );
});

test('a blob that is not wanted any more is given up, at whatever address', async () => {
  const asked: string[] = [];
  const silent = (name: string) =>
    startTestPeer({
      blobs: () => {
        asked.push(name);
        return new Promise(() => {});
      },
    });
  const [a, b, c] = await Promise.all([startTestPeer(), silent('b'), silent('c')]);
  const giveUp = new AbortController();
  const addresses = [b.address, c.address];
  const fetched = a.transport.fetchBlob(b.peer, addresses, digest, 10, giveUp.signal);
  await expect.poll(() => asked).toEqual(['b']);
  giveUp.abort();
  await expect(fetched).rejects.toThrow(/only 0 bytes came in time/);
  expect(asked).toEqual(['b']);
});

test('an empty blob is a blob', async () => {
  const [a, b] = await Promise.all([
    startTestPeer(),
    startTestPeer({ blobs: async () => new Uint8Array(0) }),
  ]);
  const bytes = await a.transport.fetchBlob(b.peer, [b.address], digestOf(Buffer.alloc(0)), 0);
  expect(bytes).toHaveLength(0);
});

test('the next address is tried, and a store that fails is no crash', async () => {
  const [a, b] = await Promise.all([
    startTestPeer(),
    startTestPeer({ blobs: () => Promise.reject(new Error('disk on fire')) }),
  ]);
  const addresses = ['127.0.0.1:1', b.address];
  await expect(a.transport.fetchBlob(b.peer, addresses, digest, 10)).rejects.toThrow(
    /nothing listens there; .*: the blob could not be read/,
  );
  expect(await b.logged(/disk on fire/)).toContain('could not serve a blob');
});

test('strangers can begin anywhere in a blob, and not behind it', async () => {
  const b = await serving();
  const client = await strangerClient(b);
  const pieces = async (request: Parameters<typeof blobs.Fetch.requestSerialize>[0]) => {
    const { path, requestSerialize, responseDeserialize } = blobs.Fetch;
    const call = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
    );
    const received: Buffer[] = [];
    for await (const { piece, totalBytes } of call) {
      expect(totalBytes).toBe(blob.length);
      received.push(piece);
    }
    return Buffer.concat(received);
  };
  const wanted = Buffer.from(digest, 'hex');
  const rest = await pieces({ digest: wanted, offset: 900_000 });
  expect(rest.equals(blob.subarray(900_000))).toBe(true);
  expect(await pieces({ digest: wanted, offset: blob.length })).toHaveLength(0);
  await expect(pieces({ digest: wanted, offset: blob.length + 1 })).rejects.toMatchObject({
    code: Status.OUT_OF_RANGE,
  });
  await expect(pieces({ digest: Buffer.alloc(3) })).rejects.toMatchObject({
    code: Status.INVALID_ARGUMENT,
  });
});

test('one that takes blobs slowly leaves room for others', async () => {
  const [a, b] = await Promise.all([startTestPeer(), serving()]);
  const client = await strangerClient(b);
  const begin = () => {
    const { path, requestSerialize, responseDeserialize } = blobs.Fetch;
    const request = { digest: Buffer.from(digest, 'hex') };
    return client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
    );
  };
  // What isn't read stops at the window of its stream.
  const slow = Array.from({ length: limits.blobFetchesEachMax }, begin);
  for (const call of slow) call.on('error', () => undefined);
  await Promise.all(slow.map((call) => once(call, 'metadata')));
  const [refused] = await once(begin(), 'error');
  expect(refused).toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  expect(await a.transport.fetchBlob(b.peer, [b.address], digest, blob.length)).toHaveLength(
    blob.length,
  );
  for (const call of slow) call.cancel();
});
