/** Volunteers of all kinds, over real TLS on loopback: what they cost the requester. */

import { describe, expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { encodeVolunteerHello } from '../../src/wire/volunteer-codec.ts';
import { startTestPeer, strangerClient, StrangerStream } from '../support/transport-peer.ts';
import { eventsOf, typesOf } from '../support/transport-world.ts';
import { someJob } from '../support/wire-samples.ts';

const { work } = loadPeerProto();

describe('work', () => {
  test('a volunteer that comes back before it knows that it was sent away is welcome', async () => {
    const requester = await startTestPeer();
    const identity = temporaryIdentity();
    const { path, responseDeserialize } = work.Compute;
    for (const id of [1, 2]) {
      const client = await strangerClient(requester, identity);
      const stream = new StrangerStream(client, path, responseDeserialize);
      stream.send(encodeVolunteerHello());
      await stream.message(0);
      requester.transport.sendToVolunteer(identity.peer, { type: 'ping', id });
      expect(await stream.message(1)).toMatchObject({ ping: { id } });
      // Nothing of what follows is read before the next stream is there.
      stream.pause();
      if (id === 1) requester.transport.closeVolunteer(identity.peer);
    }
    expect(typesOf(requester)).toEqual(['volunteer-up', 'volunteer-up']);
  });

  test('a volunteer that does not read is cut off as stuck, and what waited is freed', async () => {
    const requester = await startTestPeer();
    const stuck = temporaryIdentity();
    const client = await strangerClient(requester, stuck);
    const stream = new StrangerStream(client, work.Compute.path, work.Compute.responseDeserialize);
    stream.send(encodeVolunteerHello());
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
      stream.send(encodeVolunteerHello());
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
