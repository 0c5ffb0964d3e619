/** What `Transport` promises about work streams, over real TLS on loopback. */

import { describe, expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { encodeVolunteerHello } from '../../src/wire/volunteer-codec.ts';
import {
  eventsOf,
  startTestPeer,
  strangerClient,
  StrangerStream,
  volunteerAndRequester,
} from '../support/transport-peer.ts';
import { someJob, someResult, times } from '../support/wire-samples.ts';

const { work } = loadPeerProto();

describe('work', () => {
  test('asks, leases and results arrive, and both learn who the other is', async () => {
    const [volunteer, requester] = await volunteerAndRequester();
    expect(volunteer.events).toEqual([{ type: 'requester-up', peer: requester.peer }]);
    expect(requester.events).toEqual([{ type: 'volunteer-up', peer: volunteer.peer }]);
    const ask = { type: 'ask' as const, job: someJob, count: 3 };
    volunteer.transport.sendToRequester(requester.peer, ask);
    expect(await requester.event('volunteer-message')).toEqual({
      type: 'volunteer-message',
      from: volunteer.peer,
      message: ask,
    });
    const leases = {
      type: 'leases' as const,
      job: someJob,
      leaseMs: 1000,
      chunks: [{ lease: 1, chunk: 2, input: new Uint8Array([3]) }],
    };
    requester.transport.sendToVolunteer(volunteer.peer, leases);
    expect((await volunteer.event('requester-message')).message).toEqual(leases);
    const results = {
      type: 'results' as const,
      frame: { job: someJob, replicas: [someResult(1)] },
    };
    volunteer.transport.sendToRequester(requester.peer, results);
    const arrived = await requester.event(
      'volunteer-message',
      ({ message }) => message.type === 'results',
    );
    expect(arrived.message).toEqual(results);
  });

  test('leases and results beyond a frame arrive in order in several', async () => {
    const [volunteer, requester] = await volunteerAndRequester();
    const input = new Uint8Array(limits.chunkInputBytesMax);
    const chunks = Array.from({ length: 7 }, (_, chunk) => ({ lease: chunk, chunk, input }));
    requester.transport.sendToVolunteer(volunteer.peer, {
      type: 'leases',
      job: someJob,
      leaseMs: 1000,
      chunks,
    });
    const replicas = Array.from({ length: 3000 }, (_, lease) => someResult(lease));
    volunteer.transport.sendToRequester(requester.peer, {
      type: 'results',
      frame: { job: someJob, replicas },
    });
    const leased = (): number[] =>
      volunteer.events.flatMap((event) =>
        event.type === 'requester-message' && event.message.type === 'leases'
          ? event.message.chunks.map(({ chunk }) => chunk)
          : [],
      );
    const returned = (): number[] =>
      requester.events.flatMap((event) =>
        event.type === 'volunteer-message' && event.message.type === 'results'
          ? event.message.frame.replicas.map(({ lease }) => lease)
          : [],
      );
    await volunteer.event('requester-message', () => leased().length === 7);
    await requester.event('volunteer-message', () => returned().length === 3000);
    expect(leased()).toEqual(chunks.map(({ chunk }) => chunk));
    expect(returned()).toEqual(replicas.map(({ lease }) => lease));
  });

  test('addresses are tried in turn, and the peer reached must be the one meant', async () => {
    const [volunteer, requester, other] = await Promise.all([
      startTestPeer(),
      startTestPeer(),
      startTestPeer(),
    ]);
    const closed = await startTestPeer();
    await closed.transport.close();
    const addresses = ['nonsense', closed.address, other.address, requester.address];
    volunteer.transport.openWork(requester.peer, addresses);
    expect((await volunteer.event('requester-up')).peer).toBe(requester.peer);
    expect(other.events).toEqual([]);
  });

  test('when no address works the reasons are told', async () => {
    const [volunteer, other] = await Promise.all([startTestPeer(), startTestPeer()]);
    const meant = temporaryIdentity().peer;
    volunteer.transport.openWork(meant, ['nonsense', other.address]);
    expect(await volunteer.event('requester-down')).toEqual({
      type: 'requester-down',
      peer: meant,
      reason:
        'nonsense: it is not "host:port"; ' +
        `${other.address}: it is another peer: ${other.peer.slice(0, 8)}, not ${meant.slice(0, 8)}`,
    });
    volunteer.transport.openWork(meant, []);
    const second = await volunteer.event(
      'requester-down',
      ({ reason }) => reason === 'it has no address',
    );
    expect(second.peer).toBe(meant);
  });

  test('no more work streams are opened than the bound allows', async () => {
    const volunteer = await startTestPeer();
    const peers = times(limits.requestersMax + 1, 0).map(() => temporaryIdentity().peer);
    for (const peer of peers) volunteer.transport.openWork(peer, [volunteer.address]);
    const last = await volunteer.event('requester-down', ({ peer }) => peer === peers.at(-1));
    expect(last.reason).toBe('16 work streams are open');
  });

  test('a volunteer that leaves is told to the requester alone', async () => {
    const [volunteer, requester] = await volunteerAndRequester();
    volunteer.transport.sendToRequester(requester.peer, { type: 'ask', job: someJob, count: 1 });
    volunteer.transport.closeWork(requester.peer);
    await requester.event('volunteer-down');
    expect(requester.events.map(({ type }) => type)).toEqual([
      'volunteer-up',
      'volunteer-message',
      'volunteer-down',
    ]);
    volunteer.transport.openWork(requester.peer, [requester.address]);
    await requester.event('volunteer-up', () => eventsOf(requester, 'volunteer-up').length === 2);
    expect(eventsOf(volunteer, 'requester-down')).toEqual([]);
  });

  test('a requester that is gone is told to its volunteer', async () => {
    const [volunteer, requester] = await volunteerAndRequester();
    await requester.transport.close();
    expect((await volunteer.event('requester-down')).peer).toBe(requester.peer);
  });

  test('a volunteer that does not read is cut off as stuck, and what waited is freed', async () => {
    const requester = await startTestPeer();
    const stuck = temporaryIdentity();
    const client = await strangerClient(requester, stuck);
    const stream = new StrangerStream(client, work.Compute.path, work.Compute.responseDeserialize);
    stream.send(encodeVolunteerHello([]));
    await stream.message(0);
    stream.pause();
    for (let frame = 0; frame <= limits.streamQueueFramesMax + 100; frame++) {
      requester.transport.sendToVolunteer(stuck.peer, leasesOf(64 * 1024));
    }
    expect(await requester.event('volunteer-down')).toEqual({
      type: 'volunteer-down',
      peer: stuck.peer,
    });
    expect(await requester.logged(/stuck/)).toMatch(/its reader is stuck: 1025 frames/);
    expect(requester.transport.stats().framesQueued).toBe(0);
    const honest = await startTestPeer();
    honest.transport.openWork(requester.peer, [requester.address]);
    await honest.event('requester-up');
  });

  test('of all streams the fullest is closed when together they hold too much', async () => {
    const requester = await startTestPeer();
    const readers = [temporaryIdentity(), temporaryIdentity()];
    for (const identity of readers) {
      const client = await strangerClient(requester, identity);
      const { path, responseDeserialize } = work.Compute;
      const stream = new StrangerStream(client, path, responseDeserialize);
      stream.send(encodeVolunteerHello([]));
      await stream.message(0);
      stream.pause();
    }
    const [lighter, heavier] = readers.map(({ peer }) => peer);
    if (lighter === undefined || heavier === undefined) throw new Error('no readers');
    const framesMax = limits.streamQueuesBytesMax / limits.chunkInputBytesMax;
    for (let frame = 0; frame < framesMax / 4; frame++) {
      requester.transport.sendToVolunteer(lighter, leasesOf(limits.chunkInputBytesMax));
    }
    for (let frame = 0; frame < (framesMax * 3) / 4 + 8; frame++) {
      requester.transport.sendToVolunteer(heavier, leasesOf(limits.chunkInputBytesMax));
    }
    expect((await requester.event('volunteer-down')).peer).toBe(heavier);
    expect(requester.transport.stats().framesQueued).toBeGreaterThan(framesMax / 8);
    expect(eventsOf(requester, 'volunteer-down')).toHaveLength(1);
  });
});

function leasesOf(bytes: number) {
  const chunks = [{ lease: 1, chunk: 1, input: new Uint8Array(bytes) }];
  return { type: 'leases' as const, job: someJob, leaseMs: 1, chunks };
}
