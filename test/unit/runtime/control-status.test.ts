/** What a peer tells its owner of itself, and of its own jobs that nobody computes. */

import { expect, test } from 'vitest';

import type { OverlayMessage } from '../../../src/model/messages.ts';
import type { Offer } from '../../../src/model/offer.ts';
import type { SandboxStats } from '../../../src/ports.ts';
import type { Effect, LocalEvent } from '../../../src/protocol/events.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { createControl } from '../../../src/runtime/control.ts';
import { JobBook } from '../../../src/runtime/job-book.ts';
import { fakeSandbox } from '../../support/fake-sandbox.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import {
  anna,
  at,
  chunkLimitsOf,
  givenLimits,
  jobNumbered,
  offerOf,
  peerNumbered,
  recordOf,
  self,
  signedOf,
  startUnixMs,
} from '../../support/protocol-fixtures.ts';
import { submitRequest } from '../../support/submit-request.ts';

const greedy = chunkLimitsOf({ memoryBytesMax: 2 ** 30 });
const reason = 'needs 1 GiB of memory a chunk; this peer gives 512 MiB';

function peerWith(stats: Partial<SandboxStats> = {}, syncTrouble?: string) {
  let nowMs = 0;
  const split = Promise.withResolvers<void>();
  const peer = new Peer({
    self,
    addresses: () => [],
    entrances: [],
    known: [],
    features: [],
    slots: 1,
    limits: givenLimits,
    seed: 1,
  });
  const handle = (event: Parameters<Peer['handle']>[0]): void => {
    for (const effect of peer.handle(event, at(nowMs))) loopBack(effect);
  };
  const loopBack = (effect: Effect): void => {
    if (effect.type === 'sign-offer') {
      handle({ type: 'offer-signed', offer: signedOf(effect.offer) });
    }
    if (effect.type === 'sign-record') {
      handle({ type: 'record-signed', record: recordOf(effect.record.peer, effect.record) });
    }
  };
  const usual = { slotsBusy: 0, batchesQueued: 0, restarts: 0 };
  const store = Object.assign(new MemoryStore(), { syncTrouble });
  const components = {
    self,
    peer,
    store,
    sandbox: fakeSandbox({
      stats: () => ({ ...usual, ...stats }),
      async *split() {
        yield [Uint8Array.of(1)];
      },
    }),
    clock: { nowMs: () => nowMs, unixMs: () => startUnixMs + nowMs },
    dispatch: (event: LocalEvent) => {
      handle(event);
      if (event.type === 'split-ended') split.resolve();
    },
  };
  const jobs = new JobBook(components);
  const control = createControl({
    ...components,
    jobs,
    signSeal: () => {
      throw new Error('no job is audited here');
    },
    addresses: () => [],
    about: { version: '', grid: '', dataPath: '', metricsAddress: '' },
    disk: { bytes: 7, bytesMax: Infinity },
    backup: () => Buffer.from('a backup'),
    onFinish: () => undefined,
  });
  const say = (message: OverlayMessage): void =>
    handle({ type: 'overlay-message', from: anna, message });
  /** Anna becomes a neighbour. */
  const meet = (): void => {
    handle({ type: 'tick' });
    handle({ type: 'link-up', peer: anna, direction: 'incoming', remote: '192.0.2.7' });
    say({ type: 'join', record: recordOf(anna, { features: ['computes'] }) });
  };
  const hear = (offer: Partial<Offer>): void =>
    say({ type: 'gossip', offer: offerOf(offer), hops: 1 });
  const pass = (ms: number): void => {
    nowMs += ms;
    handle({ type: 'tick' });
  };
  return { control, meet, hear, store, jobs, pass, split: split.promise };
}

test('a peer tells what it gives a chunk and how its sandbox is', async () => {
  const { control } = peerWith({ restarts: 2, trouble: 'it took too much memory' });
  expect(await control.status({})).toMatchObject({
    wallMsMax: givenLimits.wallMsMax,
    memoryBytesMax: givenLimits.memoryBytesMax,
    declined: [],
    sandboxRestarts: 2,
    sandboxTrouble: 'it took too much memory',
  });
  expect(await peerWith().control.status({})).toMatchObject({ sandboxTrouble: '' });
});

test('a peer tells why its disk can’t sync', async () => {
  const { control } = peerWith({}, 'the disk is away');
  expect(await control.status({})).toMatchObject({ diskTrouble: 'the disk is away' });
  expect(await peerWith().control.status({})).toMatchObject({ diskTrouble: '' });
});

test('peers are told with what they are and what they say they can do', async () => {
  const { control, meet } = peerWith();
  expect(await control.listPeers({})).toEqual({ peers: [] });
  meet();
  expect(await control.listPeers({})).toEqual({
    peers: [
      {
        peerId: anna,
        addresses: ['anna:1'],
        features: ['computes'],
        neighbour: true,
        volunteer: false,
        requester: false,
        refused: '',
      },
    ],
  });
  expect(await control.status({})).toMatchObject({
    neighbours: 1,
    peersDead: 0,
    peersUnreachable: 0,
    peersMisbehaved: 0,
  });
});

test('declined offers are told with their reason, the newest, until they are closed', async () => {
  const { control, meet, hear } = peerWith();
  meet();
  for (let number = 0; number < 30; number++) {
    const requester = peerNumbered(number);
    hear({ requester, job: jobNumbered(number), name: `job ${number}`, limits: greedy });
  }
  const { declined = [], state, reason: why } = await control.status({});
  expect([declined.length, declined[0], declined.at(-1)]).toEqual([
    20,
    { name: 'job 29', reason },
    { name: 'job 10', reason },
  ]);
  expect([state, why]).toEqual(['idle', `declined: job 29 ${reason} (and 29 more)`]);
  for (let number = 1; number < 30; number++) {
    const requester = peerNumbered(number);
    hear({ requester, job: jobNumbered(number), sequence: 2, closed: true });
  }
  const later = await control.status({});
  expect([later.declined, later.reason]).toEqual([
    [{ name: 'job 0', reason }],
    `declined: job 0 ${reason}`,
  ]);
});

test('an own job that its own peer declines says so when nobody computes it', async () => {
  const { control, store, jobs, pass, split } = peerWith();
  const program = await store.putBlob(Buffer.of(1));
  const { jobId } = await control.submit(submitRequest(program, { chunksMax: 10, ...greedy }));
  await split;
  pass(30_000);
  const { jobs: rows = [] } = await control.listJobs({});
  expect(rows.map((row) => [row.jobId, row.stalled])).toEqual([
    [
      jobId,
      `no peer computes this job; this peer declines it: it ${reason} ` +
        "(the peer's --max options say how much); no other peer is connected",
    ],
  ]);
  await jobs.leaveAll();
});
