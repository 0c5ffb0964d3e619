/** The driver under a machine that says what a test wants said. */

import { Writable } from 'node:stream';

import { expect, test, vi } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import { programKey } from '../../../src/model/program.ts';
import type { SignedRecord } from '../../../src/model/peer-record.ts';
import type { Sandbox, Transport } from '../../../src/ports.ts';
import type { Effect, PeerEvent } from '../../../src/protocol/events.ts';
import { Driver } from '../../../src/runtime/driver.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { ProgramFetch } from '../../../src/runtime/program-fetch.ts';
import { systemTimers } from '../../../src/runtime/system-timers.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { memoryCache } from '../../support/memory-cache.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import {
  anna,
  bert,
  jobNumbered,
  leasedChunks,
  offerOf,
  receiptOf,
  recordOf,
  resultOf,
  self,
  startUnixMs,
} from '../../support/protocol-fixtures.ts';

const nothing = (): void => undefined;

const own = recordOf(self);
const { record } = own;

const fetchProgram = {
  type: 'fetch-program',
  requester: anna,
  addresses: ['anna:1'],
  program: programKey(offerOf().offer, offerOf().offer.limits.memoryBytesMax),
  ref: offerOf().offer,
  limits: offerOf().offer.limits,
} as const satisfies Effect;

type Others = {
  readonly sandbox?: Sandbox;
  readonly store?: MemoryStore;
  /** What the machine answers when it stops. */
  readonly lastEffects?: readonly Effect[];
};

/** A driver whose machine answers every tick with these effects, and what comes of them. */
function driverWith(
  effects: readonly Effect[],
  transportMethods: Partial<Transport> = {},
  { sandbox = fakeSandbox(), store = new MemoryStore(), lastEffects = [] }: Others = {},
) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const transport: Transport = {
    listen: async () => [],
    dial: nothing,
    hangUp: nothing,
    sendOverlay: nothing,
    openWork: nothing,
    closeWork: nothing,
    closeVolunteer: nothing,
    sendToRequester: nothing,
    sendToVolunteer: nothing,
    fetchBlob: async () => new Uint8Array(offerOf().offer.programBytes),
    signOffer: (offer) => offerOf(offer),
    signRecord: (unsigned) => recordOf(unsigned.peer, unsigned),
    signReceipt: (unsigned) => receiptOf(unsigned),
    signEvidence: () => {
      throw new Error('nobody is accused here');
    },
    signResults: () => [],
    stats: () => ({
      bytesIn: 0,
      bytesOut: 0,
      framesQueued: 0,
      handshakesRefused: 0,
      framesRejected: 0,
    }),
    close: async () => undefined,
    ...transportMethods,
  };
  const events: PeerEvent[] = [];
  const neighbours = new Map<PeerId, SignedRecord>();
  const clock = { ms: 0 };
  const driver = new Driver({
    self,
    peer: {
      neighbours,
      ownJob: () => undefined,
      handle: (event) => {
        events.push(event);
        if (event.type === 'stop') return [...lastEffects];
        return event.type === 'tick' ? [...effects] : [];
      },
    },
    transport,
    sandbox,
    accuser: { accuse: async () => undefined },
    evidenceCheck: { check: async () => undefined },
    programs: new ProgramFetch({ self, transport, sandbox, store, cache: memoryCache() }),
    store,
    clock: { nowMs: () => clock.ms, unixMs: () => startUnixMs + clock.ms },
    timers: systemTimers,
    log: createLog({ level: 'debug', stream }),
    entrances: [],
    ownJob: () => undefined,
    onCompute: nothing,
    onDrained: nothing,
  });
  const logged = (): unknown[] =>
    lines.map((line) => {
      const { time: _time, ...rest } = Object(JSON.parse(line));
      return rest;
    });
  return { driver, events, store, neighbours, clock, logged };
}

test('an effect that throws is reported, and those behind it are carried out', () => {
  const dialled: string[] = [];
  const dial = (address: string): void => {
    if (address === 'a:1') throw new Error('no such thing');
    dialled.push(address);
  };
  const effects = ['a:1', 'b:1'].map((address) => ({ type: 'dial', address }) as const);
  const { driver, logged } = driverWith(effects, { dial });
  driver.dispatch({ type: 'tick' });
  expect(dialled).toEqual(['b:1']);
  expect(logged()).toEqual([
    {
      level: 50,
      err: expect.objectContaining({ message: 'no such thing' }),
      effect: 'dial',
      msg: 'an effect could not be carried out',
    },
  ]);
});

test('a run is stopped by its number, and no other run of a job with the same id', () => {
  const signals: (AbortSignal | undefined)[] = [];
  const sandbox = fakeSandbox({
    run: (_batch, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  const { program, ref, limits: chunkLimits } = fetchProgram;
  const work = { job: jobNumbered(1), program, ref, limits: chunkLimits };
  const runOf = (run: number): Effect => {
    return { type: 'run', run, ...work, chunks: leasedChunks(run, 1) };
  };
  const stop: Effect = { type: 'stop-runs', runs: [1, 3] };
  const effects = [runOf(1), runOf(2), stop];
  driverWith(effects, {}, { sandbox }).driver.dispatch({ type: 'tick' });
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
});

test("a stranger's program that says something of itself is harmless in a log", async () => {
  const checked = Promise.withResolvers<void>();
  const sandbox = fakeSandbox({
    load: async () => {
      setImmediate(checked.resolve);
      return { kind: 'threw', detail: 'Error: \u001b]0;mine\u0007\nyours' };
    },
  });
  const { driver, logged } = driverWith([fetchProgram], {}, { sandbox });
  driver.dispatch({ type: 'tick' });
  await checked.promise;
  expect(logged().at(-1)).toMatchObject({
    msg: 'a job is declined: threw: Error: \u{fffd}]0;mine\u{fffd}\u{fffd}yours',
  });
});

test('what the machine wants signed comes back to it signed', () => {
  const { offer } = offerOf();
  const { driver, events } = driverWith([
    { type: 'sign-record', record },
    { type: 'sign-offer', offer },
  ]);
  driver.dispatch({ type: 'tick' });
  expect(events).toEqual([
    { type: 'tick' },
    { type: 'record-signed', record: own },
    { type: 'offer-signed', offer: offerOf() },
  ]);
});

test('a volunteer that the machine gives up loses its stream', () => {
  const closed: string[] = [];
  const closeVolunteer = (peer: string): void => void closed.push(peer);
  const { driver } = driverWith([{ type: 'close-volunteer', volunteer: bert }], { closeVolunteer });
  driver.dispatch({ type: 'tick' });
  expect(closed).toEqual([bert]);
});

test('a receipt goes out signed, and before what follows it', () => {
  const sent: unknown[] = [];
  const sendToVolunteer: Transport['sendToVolunteer'] = (to, message) => sent.push([to, message]);
  const { receipt } = receiptOf({ requester: self, peer: bert });
  const ended = { type: 'job-ended', job: receipt.job } as const;
  const { driver } = driverWith(
    [
      { type: 'send-to-volunteer', to: bert, message: { type: 'receipt', receipt } },
      { type: 'send-to-volunteer', to: bert, message: ended },
    ],
    { sendToVolunteer },
  );
  driver.dispatch({ type: 'tick' });
  expect(sent).toEqual([
    [bert, { type: 'receipt', receipt: receiptOf(receipt) }],
    [bert, ended],
  ]);
});

test('a receipt that the disk does not take is tried again when the peer stops', async () => {
  const receipt = receiptOf();
  const store = new MemoryStore();
  const put = vi.spyOn(store, 'putReceipt').mockImplementationOnce(() => {
    throw new GridError('disk-full', 'there is no room');
  });
  const { driver, logged } = driverWith([{ type: 'keep-receipt', receipt }], {}, { store });
  driver.dispatch({ type: 'tick' });
  const { job, chunks } = receipt.receipt;
  const reason = 'there is no room';
  expect(logged()).toEqual([
    { level: 30, requester: anna, job, chunks, msg: 'a receipt has come' },
    { level: 40, reason, msg: `receipts can't be kept yet: ${reason}` },
  ]);
  expect(store.listReceipts()).toEqual([]);
  await driver.stop();
  expect(put).toHaveBeenCalledTimes(2);
  expect(store.listReceipts()).toEqual([receipt]);
});

test('own results that a job compares itself are signed as they are, and come back', async () => {
  const leases = leasedChunks(1, limits.statementReplicasMax + 1);
  const frame = { job: jobNumbered(1), replicas: leases.map((lease) => resultOf(lease)) };
  const message = { type: 'results', frame } as const;
  const { signed } = offerOf();
  const { driver, events } = driverWith([{ type: 'send-to-requester', to: self, message }], {
    signResults: () => [signed],
  });
  driver.dispatch({ type: 'tick' });
  await expect.poll(() => events).toHaveLength(3);
  const given = (from: number, to?: number) => {
    const some = { ...frame, replicas: frame.replicas.slice(from, to), signed };
    return { type: 'volunteer-message', from: self, message: { type: 'results', frame: some } };
  };
  const { statementReplicasMax: most } = limits;
  expect(events.slice(1)).toEqual([given(0, most), given(most)]);
});

test('peers to be kept are in the store', () => {
  const peers = [{ peer: anna, addresses: ['anna:1'], seenAtMs: startUnixMs }];
  const { driver, store } = driverWith([{ type: 'keep-peers', peers }]);
  driver.dispatch({ type: 'tick' });
  expect(store.listPeers()).toEqual(peers);
});

test('the machine hears last that it stops, and what it wants kept then is', async () => {
  const peers = [{ peer: anna, addresses: ['anna:1'], seenAtMs: startUnixMs }];
  const { driver, events, store } = driverWith(
    [],
    {},
    { lastEffects: [{ type: 'keep-peers', peers }] },
  );
  await driver.stop();
  driver.dispatch({ type: 'tick' });
  expect(events).toEqual([{ type: 'stop' }]);
  expect(store.listPeers()).toEqual(peers);
});

test('results that could not be kept are tried once more when the peer stops', async () => {
  const store = new MemoryStore();
  const put = vi.spyOn(store, 'putUnsent').mockImplementationOnce(() => {
    throw new GridError('disk-full', 'there is no room');
  });
  const outcome = { type: 'failure', failure: { kind: 'threw', detail: 'no' } } as const;
  const replica = { lease: 1, chunk: 2, outcome, computeMs: 3 };
  const result = { requester: anna, addresses: [], job: jobNumbered(1), replica };
  const { driver } = driverWith([{ type: 'keep-unsent', results: [result] }], {}, { store });
  driver.dispatch({ type: 'tick' });
  expect(store.listUnsent(0)).toEqual([]);
  await driver.stop();
  expect(store.listUnsent(0)).toEqual([result]);
  expect(put).toHaveBeenCalledTimes(2);
});

test('a disk that takes no peers is told of once an hour, and the peer goes on', () => {
  const store = new MemoryStore();
  store.putPeers = () => {
    throw new GridError('disk-full', 'there is no room');
  };
  const keep: Effect = { type: 'keep-peers', peers: [] };
  const { driver, events, clock, logged } = driverWith(
    [keep, { type: 'sign-record', record }],
    {},
    { store },
  );
  for (const ms of [0, 60_000, 3_599_999, 3_600_000]) {
    clock.ms = ms;
    driver.dispatch({ type: 'tick' });
  }
  expect(events.map(({ type }) => type)).toEqual(
    Array.from({ length: 4 }, () => ['tick', 'record-signed']).flat(),
  );
  const told = {
    level: 40,
    reason: 'there is no room',
    msg: "the peers met can't be kept for the next start: there is no room",
  };
  expect(logged()).toEqual([told, told]);
});

test('a neighbour is news, and a link is not, unless the other end broke the rules', () => {
  const { driver, neighbours, logged } = driverWith([]);
  const up = { type: 'link-up', direction: 'incoming', remote: '192.0.2.7' } as const;
  const down = { type: 'link-down', reason: 'it went away', offence: false } as const;
  driver.dispatch({ ...up, peer: anna });
  neighbours.set(anna, recordOf(anna));
  driver.dispatch({ type: 'tick' });
  neighbours.delete(anna);
  driver.dispatch({ ...down, peer: anna });
  driver.dispatch({ ...down, peer: bert, reason: 'a frame too large', offence: true });
  expect(logged()).toEqual([
    { level: 20, peer: anna, direction: 'incoming', msg: 'link up' },
    { level: 30, peer: anna, msg: 'neighbour up' },
    { level: 20, peer: anna, reason: 'it went away', msg: 'link down' },
    { level: 30, peer: anna, reason: 'it went away', msg: 'neighbour down' },
    {
      level: 40,
      peer: bert,
      reason: 'a frame too large',
      msg: 'bert2222 sent what no correct peer sends: a frame too large',
    },
  ]);
});
