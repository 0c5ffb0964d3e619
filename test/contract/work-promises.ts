/** What `ports.ts` promises of the work streams of every `Transport`. */

import { expect, test } from 'vitest';

import { limits } from '../../src/model/limits.ts';
import { peerNumbered, receiptOf } from '../support/protocol-fixtures.ts';
import {
  eventsOf,
  isTold,
  type TransportWorld,
  typesOf,
  type WorldPeer,
} from '../support/transport-world.ts';
import { plain, someJob, someResult } from '../support/wire-samples.ts';

type Working = {
  readonly world: TransportWorld;
  readonly volunteer: WorldPeer;
  readonly requester: WorldPeer;
};

/** A volunteer connected to a requester. */
async function working(begin: () => TransportWorld): Promise<Working> {
  const world = begin();
  const [volunteer, requester] = await Promise.all([world.join(), world.join()]);
  volunteer.transport.openWork(requester.peer, [requester.address]);
  await world.until(() => isTold(volunteer, 'requester-up') && isTold(requester, 'volunteer-up'));
  return { world, volunteer, requester };
}

function messagesTo({ events }: WorldPeer, { peer }: WorldPeer): readonly unknown[] {
  return events.flatMap((event) => {
    const isOne = event.type === 'requester-message' || event.type === 'volunteer-message';
    return isOne && event.from === peer ? event.message : [];
  });
}

const ask = { type: 'ask', job: someJob, count: 3 } as const;
const ended = { type: 'job-ended', job: someJob } as const;

export function holdsWorkPromises(begin: () => TransportWorld): void {
  test('asks, leases and results arrive, and both learn who the other is', async () => {
    const { world, volunteer, requester } = await working(begin);
    expect(volunteer.events).toEqual([{ type: 'requester-up', peer: requester.peer }]);
    const remote: unknown = expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/);
    expect(requester.events).toEqual([{ type: 'volunteer-up', peer: volunteer.peer, remote }]);
    const chunks = [{ lease: 1, chunk: 2, input: Uint8Array.of(3) }];
    const leases = { type: 'leases', job: someJob, leaseMs: 1000, chunks } as const;
    const frame = { job: someJob, replicas: [someResult(1)] };
    const results = { type: 'results', frame } as const;
    const ping = { type: 'ping', id: 7 } as const;
    const pong = { type: 'pong', id: 7 } as const;
    for (const message of [ask, results, ping, pong]) {
      volunteer.transport.sendToRequester(requester.peer, message);
    }
    for (const message of [leases, ended, pong, ping]) {
      requester.transport.sendToVolunteer(volunteer.peer, message);
    }
    await world.until(() => requester.events.length === 5 && volunteer.events.length === 5);
    // Signed where bytes travel, as they came where none do.
    const arrived = { type: 'results', frame: expect.objectContaining(frame) };
    expect(messagesTo(requester, volunteer)).toEqual([ask, arrived, ping, pong]);
    expect(messagesTo(volunteer, requester)).toEqual([leases, ended, pong, ping]);
  });

  test('a receipt arrives as its requester signed it', async () => {
    const { world, volunteer, requester } = await working(begin);
    const { receipt } = receiptOf({ requester: requester.peer, peer: volunteer.peer });
    const signed = requester.transport.signReceipt(receipt);
    requester.transport.sendToVolunteer(volunteer.peer, { type: 'receipt', receipt: signed });
    requester.transport.sendToVolunteer(volunteer.peer, ended);
    await world.until(() => volunteer.events.length === 3);
    const [arrived, last] = messagesTo(volunteer, requester);
    expect(plain(arrived)).toEqual(plain({ type: 'receipt', receipt: signed }));
    expect(last).toEqual(ended);
  });

  test('a requester whose receipt was changed is gone, and told', async () => {
    const { world, volunteer, requester } = await working(begin);
    const { receipt } = receiptOf({ requester: requester.peer, peer: volunteer.peer });
    const { signed } = requester.transport.signReceipt(receipt);
    const more = requester.transport.signReceipt({ ...receipt, chunks: 99 });
    const changed = {
      receipt: more.receipt,
      signed: { ...more.signed, signature: signed.signature },
    };
    requester.transport.sendToVolunteer(volunteer.peer, { type: 'receipt', receipt: changed });
    await world.until(() => volunteer.events.length > 1 && requester.events.length > 1);
    expect(typesOf(requester)).toEqual(['volunteer-up', 'volunteer-down']);
    expect(typesOf(volunteer)).toEqual(['requester-up', 'requester-down']);
  });

  test('leases and results beyond a frame arrive in order in several', async () => {
    const { world, volunteer, requester } = await working(begin);
    const [small, large] = [new Uint8Array(1), new Uint8Array(limits.chunkInputBytesMax)];
    const chunks = Array.from({ length: 1503 }, (_, chunk) => {
      return { lease: chunk, chunk, input: chunk < 1500 ? small : large };
    });
    const leases = { type: 'leases', job: someJob, leaseMs: 1000, chunks } as const;
    requester.transport.sendToVolunteer(volunteer.peer, leases);
    const replicas = Array.from({ length: 3000 }, (_, lease) => someResult(lease));
    const results = { type: 'results', frame: { job: someJob, replicas } } as const;
    volunteer.transport.sendToRequester(requester.peer, results);
    const leased = (): number[] =>
      eventsOf(volunteer, 'requester-message').flatMap(({ message }) =>
        message.type === 'leases' ? message.chunks.map(({ chunk }) => chunk) : [],
      );
    const returned = (): number[] =>
      eventsOf(requester, 'volunteer-message').flatMap(({ message }) =>
        message.type === 'results' ? message.frame.replicas.map(({ lease }) => lease) : [],
      );
    await world.until(() => leased().length >= chunks.length);
    await world.until(() => returned().length >= replicas.length);
    expect(leased()).toEqual(chunks.map(({ chunk }) => chunk));
    expect(returned()).toEqual(replicas.map(({ lease }) => lease));
    expect(eventsOf(requester, 'volunteer-message')).toHaveLength(47);
  });

  test('addresses are tried in turn, and the peer reached must be the one meant', async () => {
    const world = begin();
    const [volunteer, requester, other, closed] = await Promise.all([
      world.join(),
      world.join(),
      world.join(),
      world.join(),
    ]);
    await closed.transport.close();
    const addresses = ['nonsense', closed.address, other.address, requester.address];
    volunteer.transport.openWork(requester.peer, addresses);
    await world.until(() => volunteer.events.length > 0);
    expect(volunteer.events).toEqual([{ type: 'requester-up', peer: requester.peer }]);
    expect(other.events).toEqual([]);
  });

  test('when no address works the reasons are told, once', async () => {
    const world = begin();
    const [volunteer, other] = await Promise.all([world.join(), world.join()]);
    const meant = peerNumbered(1);
    const [self, found, sought] = [volunteer.peer, other.peer.slice(0, 8), meant.slice(0, 8)];
    const told = [
      [
        meant,
        ['nonsense', other.address],
        'nonsense: it is not "host:port"; ' +
          `${other.address}: it is another peer: ${found}, not ${sought}`,
      ],
      [meant, [], 'it has no address'],
      [self, [volunteer.address], `${volunteer.address}: it is this peer itself`],
    ] as const;
    for (const [index, [peer, addresses, reason]] of told.entries()) {
      volunteer.transport.openWork(peer, addresses);
      // A second one in the same direction is none.
      volunteer.transport.openWork(peer, [other.address]);
      await world.until(() => volunteer.events.length > index);
      expect(volunteer.events[index]).toEqual({ type: 'requester-down', peer, reason });
    }
    expect(other.events).toEqual([]);
  });

  test('no more work streams are opened than the bound allows', async () => {
    const world = begin();
    const { transport, address, events } = await world.join();
    const peers = Array.from({ length: limits.requestersMax + 1 }, (_, n) => peerNumbered(n));
    for (const peer of peers) transport.openWork(peer, [address]);
    await world.until(() => events.length >= peers.length);
    const reason = `${limits.requestersMax} work streams are open`;
    expect(events[0]).toEqual({ type: 'requester-down', peer: peers.at(-1), reason });
  });

  test('both may compute for each other at the same time', async () => {
    const { world, volunteer, requester } = await working(begin);
    requester.transport.openWork(volunteer.peer, [volunteer.address]);
    await world.until(() => isTold(volunteer, 'volunteer-up') && isTold(requester, 'requester-up'));
    volunteer.transport.closeWork(requester.peer);
    await world.until(() => isTold(requester, 'volunteer-down'));
    requester.transport.sendToRequester(volunteer.peer, ask);
    await world.until(() => isTold(volunteer, 'volunteer-message'));
    expect(typesOf(volunteer)).toEqual(['requester-up', 'volunteer-up', 'volunteer-message']);
    expect(typesOf(requester)).toEqual(['volunteer-up', 'requester-up', 'volunteer-down']);
  });

  test('of a volunteer that leaves all arrives, and the requester alone is told', async () => {
    const { world, volunteer, requester } = await working(begin);
    volunteer.transport.sendToRequester(requester.peer, ask);
    volunteer.transport.closeWork(requester.peer);
    volunteer.transport.sendToRequester(requester.peer, ask);
    await world.until(() => isTold(requester, 'volunteer-down'));
    volunteer.transport.openWork(requester.peer, [requester.address]);
    await world.until(() => isTold(requester, 'volunteer-up', 2));
    await world.until(() => isTold(volunteer, 'requester-up', 2));
    const came = ['volunteer-up', 'volunteer-message', 'volunteer-down', 'volunteer-up'];
    expect(typesOf(requester)).toEqual(came);
    expect(typesOf(volunteer)).toEqual(['requester-up', 'requester-up']);
  });

  test('a volunteer that is sent away gets what was sent, is told, and may come back', async () => {
    const { world, volunteer, requester } = await working(begin);
    requester.transport.sendToVolunteer(volunteer.peer, ended);
    requester.transport.closeVolunteer(volunteer.peer);
    requester.transport.sendToVolunteer(volunteer.peer, ended);
    await world.until(() => isTold(volunteer, 'requester-down'));
    expect(eventsOf(volunteer, 'requester-down')).toMatchObject([
      { peer: requester.peer, reason: 'it closed the stream' },
    ]);
    volunteer.transport.openWork(requester.peer, [requester.address]);
    await world.until(() => isTold(requester, 'volunteer-up', 2));
    await world.until(() => isTold(volunteer, 'requester-up', 2));
    const told = ['requester-up', 'requester-message', 'requester-down', 'requester-up'];
    expect(typesOf(volunteer)).toEqual(told);
    expect(typesOf(requester)).toEqual(['volunteer-up', 'volunteer-up']);
  });

  test('a volunteer that breaks a bound is gone, and told', async () => {
    const { world, volunteer, requester } = await working(begin);
    volunteer.transport.sendToRequester(requester.peer, { type: 'ping', id: 2 ** 53 });
    volunteer.transport.sendToRequester(requester.peer, ask);
    await world.until(() => volunteer.events.length > 1 && requester.events.length > 1);
    expect(typesOf(requester)).toEqual(['volunteer-up', 'volunteer-down']);
    expect(typesOf(volunteer)).toEqual(['requester-up', 'requester-down']);
  });

  test.each([
    ['a number', { type: 'ping', id: 2 ** 53 } as const],
    ['a lease of no time', { type: 'leases', job: someJob, leaseMs: 0, chunks: [] } as const],
  ])('a requester that breaks a bound (%s) is gone, and told', async (_what, message) => {
    const { world, volunteer, requester } = await working(begin);
    requester.transport.sendToVolunteer(volunteer.peer, message);
    requester.transport.sendToVolunteer(volunteer.peer, ended);
    await world.until(() => volunteer.events.length > 1 && requester.events.length > 1);
    expect(typesOf(requester)).toEqual(['volunteer-up', 'volunteer-down']);
    expect(typesOf(volunteer)).toEqual(['requester-up', 'requester-down']);
  });

  test('a stream whose queue is full is closed', async () => {
    const { world, volunteer, requester } = await working(begin);
    for (let frame = 0; frame <= limits.streamQueueFramesMax; frame++) {
      requester.transport.sendToVolunteer(volunteer.peer, ended);
    }
    await world.until(() => isTold(volunteer, 'requester-down'));
    await world.until(() => isTold(requester, 'volunteer-down'));
    expect(typesOf(requester)).toEqual(['volunteer-up', 'volunteer-down']);
  });
}
