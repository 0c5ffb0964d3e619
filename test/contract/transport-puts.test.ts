/** What `Transport` promises about large results, over real TLS on loopback. */

import { status as Status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import type { ReplicaResult } from '../../src/model/replica.ts';
import { IncomingValues } from '../../src/storage/incoming-values.ts';
import type { PutPlaces } from '../../src/transport/put-server.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { encodePutBegin, encodePutPiece } from '../../src/wire/put-codec.ts';
import { encodeVolunteerHello } from '../../src/wire/volunteer-codec.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  startTestPeer,
  StrangerStream,
  strangerClient,
  type TestPeer,
} from '../support/transport-peer.ts';
import { someJob, someResult } from '../support/wire-samples.ts';

const value = Buffer.alloc(3_000_000, 'manyhands');
const digest = digestOf(value);
const large = someResult(1, value);
const { Put, Compute } = loadPeerProto().work;

async function places(): Promise<PutPlaces> {
  const incoming = await IncomingValues.open({ path: tempDir() });
  return {
    isWanted: () => true,
    begin: (about, bytes) => incoming.begin(about, bytes),
    take: (about) => incoming.take(about),
  };
}

async function atWork(puts: PutPlaces): Promise<[volunteer: TestPeer, requester: TestPeer]> {
  const [volunteer, requester] = await Promise.all([startTestPeer(), startTestPeer({ puts })]);
  volunteer.transport.openWork(requester.peer, [requester.address]);
  await Promise.all([volunteer.event('requester-up'), requester.event('volunteer-up')]);
  return [volunteer, requester];
}

function send({ transport }: TestPeer, to: TestPeer, ...replicas: ReplicaResult[]): void {
  transport.sendToRequester(to.peer, { type: 'results', frame: { job: someJob, replicas } });
}

/** The outcomes of what comes of a lease. */
async function arrived(at: TestPeer, lease: number): Promise<ReplicaResult> {
  const has = (replica: ReplicaResult): boolean => replica.lease === lease;
  const { message } = await at.event(
    'volunteer-message',
    ({ message: { type, ...rest } }) =>
      type === 'results' && 'frame' in rest && rest.frame.replicas.some(has),
  );
  if (message.type !== 'results') throw new Error('these are no results');
  const replica = message.frame.replicas.find(has);
  if (replica === undefined) throw new Error('it is not there');
  return replica;
}

/** Without comparing three million bytes one by one. */
function isLarge({ outcome, ...replica }: ReplicaResult): boolean {
  const { outcome: _, ...about } = large;
  expect(replica).toEqual(about);
  return outcome.type === 'result' && outcome.digest === digest && value.equals(outcome.value);
}

test('a large result arrives as it was sent, and small ones do not wait for it', async () => {
  const puts = await places();
  const gate = Promise.withResolvers<void>();
  const [volunteer, requester] = await atWork({
    ...puts,
    begin: async (...about) => {
      await gate.promise;
      return puts.begin(...about);
    },
  });
  send(volunteer, requester, large, someResult(2));
  expect((await arrived(requester, 2)).outcome.type).toBe('result');
  gate.resolve();
  expect(isLarge(await arrived(requester, 1))).toBe(true);
});

test('that it is being taken is told before it has arrived', async () => {
  const puts = await places();
  const told = Promise.withResolvers<void>();
  const [volunteer, requester] = await atWork({
    ...puts,
    take: async (about) => {
      await told.promise;
      return puts.take(about);
    },
  });
  send(volunteer, requester, large);
  const { peer, bytes } = await volunteer.event('requester-took');
  expect([peer, bytes]).toEqual([requester.peer, limits.putPieceBytes]);
  told.resolve();
  expect(isLarge(await arrived(requester, 1))).toBe(true);
});

test('what the cut of a stream interrupts goes on where it was', async () => {
  const puts = await places();
  let pieces = 0;
  const [volunteer, requester] = await atWork({
    ...puts,
    begin: async (...about) => {
      const incoming = await puts.begin(...about);
      if (incoming === undefined) return undefined;
      return {
        get offsetBytes() {
          return incoming.offsetBytes;
        },
        get isComplete() {
          return incoming.isComplete;
        },
        add: (piece) => {
          pieces += 1;
          if (pieces === 5) requester.transport.closeVolunteer(volunteer.peer);
          return incoming.add(piece);
        },
        check: () => incoming.check(),
        close: () => incoming.close(),
      };
    },
  });
  send(volunteer, requester, large);
  await volunteer.event('requester-down');
  volunteer.transport.openWork(requester.peer, [requester.address]);
  await expect
    .poll(() => volunteer.events.filter(({ type }) => type === 'requester-up'))
    .toHaveLength(2);
  const before = requester.transport.stats().bytesIn;
  send(volunteer, requester, large);
  expect(isLarge(await arrived(requester, 1))).toBe(true);
  const rest = requester.transport.stats().bytesIn - before;
  expect(rest).toBeLessThan(value.length - 3 * limits.putPieceBytes);
});

test('a value that is not wanted is not brought, and counts as not computed', async () => {
  const [volunteer, requester] = await atWork({ ...(await places()), isWanted: () => false });
  send(volunteer, requester, large);
  expect((await arrived(requester, 1)).outcome).toEqual({ type: 'returned' });
  expect(requester.transport.stats().bytesIn).toBeLessThan(10_000);
});

test('a disk that is full takes it later', async () => {
  const puts = await places();
  let attempts = 0;
  const [volunteer, requester] = await atWork({
    ...puts,
    begin: async (...about) => {
      attempts += 1;
      if (attempts === 1) throw new Error('no space left on device');
      return attempts === 2 ? undefined : puts.begin(...about);
    },
  });
  send(volunteer, requester, large);
  expect(isLarge(await arrived(requester, 1))).toBe(true);
  expect(await requester.logged(/no space left/)).toContain('could not take a value');
});

const begin = { job: someJob, lease: 1, chunk: 2, digest, bytes: value.length };
const piece = (from: number, bytes: number = limits.putPieceBytes): Buffer =>
  encodePutPiece(value.subarray(from, from + bytes));

const short = encodePutBegin({ ...begin, bytes: 300_000 });
const pieces = (count: number): Buffer[] => Array.from({ length: count }, () => piece(0));

/** A volunteer of no code of the project's, and what it puts. */
async function stranger(requester: TestPeer, says: readonly Buffer[]) {
  const identity = temporaryIdentity();
  const client = await strangerClient(requester, identity);
  const work = new StrangerStream(client, Compute.path, Compute.responseDeserialize);
  work.send(encodeVolunteerHello());
  await work.message(0);
  const put = new StrangerStream(client, Put.path, Put.responseDeserialize);
  for (const bytes of says) put.send(bytes);
  return { put, client, work };
}

test.each<[string, Buffer[], number]>([
  ['a piece of nothing', [piece(0)], Status.INVALID_ARGUMENT],
  ['a second beginning', [encodePutBegin(begin), encodePutBegin(begin)], Status.INVALID_ARGUMENT],
  ['more than was announced', [short, ...pieces(5)], Status.INVALID_ARGUMENT],
  [
    'something else than was announced',
    [short, ...pieces(4), piece(0, 300_000 - 4 * limits.putPieceBytes)],
    Status.DATA_LOSS,
  ],
  ['no protobuf', [Buffer.from([0xff])], Status.INVALID_ARGUMENT],
])('%s is refused', async (_what, says, code) => {
  const requester = await startTestPeer({ puts: await places() });
  const { put } = await stranger(requester, says);
  expect((await put.status()).code).toBe(code);
});

test('who ends early has not put it', async () => {
  const requester = await startTestPeer({ puts: await places() });
  const { put } = await stranger(requester, [encodePutBegin(begin), piece(0)]);
  put.end();
  expect((await put.status()).code).toBe(Status.ABORTED);
});

test('one value is put at a time, and a new one ends the one before it', async () => {
  const requester = await startTestPeer({ puts: await places() });
  const { put, client } = await stranger(requester, [encodePutBegin(begin), piece(0)]);
  await put.message(0);
  const next = new StrangerStream(client, Put.path, Put.responseDeserialize);
  next.send(encodePutBegin(begin));
  expect((await put.status()).code).toBe(Status.ABORTED);
  expect(await next.message(0)).toEqual({ offset: limits.putPieceBytes });
});

test('nobody puts anything who has no work stream', async () => {
  const requester = await startTestPeer({ puts: await places() });
  const client = await strangerClient(requester);
  const put = new StrangerStream(client, Put.path, Put.responseDeserialize);
  put.send(encodePutBegin(begin));
  expect((await put.status()).code).toBe(Status.FAILED_PRECONDITION);
});

test('what is put ends with the work stream', async () => {
  const requester = await startTestPeer({ puts: await places() });
  const { put, work } = await stranger(requester, [encodePutBegin(begin), piece(0)]);
  await put.message(0);
  work.end();
  expect((await put.status()).code).toBe(Status.ABORTED);
});

test('a value that somebody else has brought meanwhile is not brought to its end', async () => {
  let pieces = 0;
  const puts = { ...(await places()), isWanted: () => (pieces += 1) < 4 };
  const [volunteer, requester] = await atWork(puts);
  send(volunteer, requester, large);
  expect((await arrived(requester, 1)).outcome).toEqual({ type: 'returned' });
  expect(pieces).toBeLessThan(10);
});

test('the same value of two leases is brought for both', async () => {
  const [volunteer, requester] = await atWork(await places());
  const twin = { ...large, lease: 2 };
  send(volunteer, requester, large, twin);
  for (const lease of [1, 2]) expect((await arrived(requester, lease)).outcome.type).toBe('result');
});
