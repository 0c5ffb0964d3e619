import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { TransportEvent } from '../../../src/model/messages.ts';
import type { Transport } from '../../../src/ports.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { Driver } from '../../../src/runtime/driver.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { ProgramFetch } from '../../../src/runtime/program-fetch.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { memoryCache } from '../../support/memory-cache.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { anna, givenLimits, offerOf, self, startUnixMs } from '../../support/protocol-fixtures.ts';

const nothing = (): void => undefined;

/** A driver of a peer with one slot, and the lines of its log as they come. */
function driverWith(transportMethods: Partial<Transport>, sandbox = fakeSandbox()) {
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
    sendToRequester: nothing,
    sendToVolunteer: nothing,
    fetchBlob: async () => new Uint8Array(offerOf().offer.programBytes),
    sign: (offer) => offerOf(offer),
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
  const peer = new Peer({
    self,
    addresses: () => [],
    entrances: [],
    slots: 1,
    limits: givenLimits,
    seed: 1,
  });
  const store = new MemoryStore();
  const cache = memoryCache();
  const driver = new Driver({
    self,
    peer,
    transport,
    sandbox,
    programs: new ProgramFetch({ self, transport, sandbox, store, cache }),
    store,
    clock: { nowMs: () => 0, unixMs: () => startUnixMs },
    log: createLog({ level: 'warn', format: 'json', stream }),
    entrances: [],
    ownJob: () => undefined,
    onCompute: nothing,
    onDrained: nothing,
  });
  return { driver, lines };
}

const annasOffer: TransportEvent = {
  type: 'overlay-message',
  from: anna,
  message: { type: 'gossip', offer: offerOf() },
};

test('an effect that throws is reported, and those behind it are carried out', async () => {
  const fetched = Promise.withResolvers<string>();
  const { driver, lines } = driverWith({
    openWork: () => {
      throw new Error('no such thing');
    },
    fetchBlob: async (requester) => {
      fetched.resolve(requester);
      return new Uint8Array(offerOf().offer.programBytes);
    },
  });
  driver.dispatch(annasOffer);
  expect(await fetched.promise).toBe(anna);
  expect(lines.join('')).toContain('no such thing');
  driver.stop();
});

test('what a stranger’s program says of itself is harmless in a log', async () => {
  const checked = Promise.withResolvers<void>();
  const sandbox = fakeSandbox({
    load: async () => {
      setImmediate(checked.resolve);
      return { kind: 'threw', detail: 'Error: \u001b]0;mine\u0007\nyours' };
    },
  });
  const { driver, lines } = driverWith({}, sandbox);
  driver.dispatch(annasOffer);
  await checked.promise;
  const { msg }: { msg: unknown } = JSON.parse(lines.at(-1) ?? '{}');
  expect(msg).toBe('a job is declined: threw: Error: \u{fffd}]0;mine\u{fffd}\u{fffd}yours');
  driver.stop();
});
