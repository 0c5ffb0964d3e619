import { expect, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import type { Offer } from '../../../src/model/offer.ts';
import { programRef, type Setup } from '../../../src/model/program.ts';
import type { LoadableProgram, Sandbox } from '../../../src/ports.ts';
import { ProgramFetch } from '../../../src/runtime/program-fetch.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { encodeSetup } from '../../../src/wire/setup-codec.ts';
import { memoryCache } from '../../support/memory-cache.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import {
  anna,
  bert,
  chunkLimitsOf,
  digestNumbered,
  offerOf,
  self,
} from '../../support/protocol-fixtures.ts';

const script = Buffer.from('({ compute: (n) => n })');
const moduleBytes = Buffer.from('a module');
const words = Buffer.from('some words');
const empty = Buffer.alloc(0);
const setup: Setup = {
  arguments: ['prog', '-v'],
  environment: ['A=1'],
  files: [fileOf('words.txt', words), fileOf('empty', empty)],
};

function fileOf(path: string, bytes: Uint8Array) {
  return { path, digest: digestOf(bytes), bytes: bytes.length };
}

function requestFor(changes: Partial<Offer>) {
  const { offer } = offerOf(changes);
  const { requester, addresses } = offer;
  const ref = programRef(offer);
  return {
    type: 'fetch-program',
    requester,
    addresses,
    program: 'javascript:x',
    ref,
    limits: chunkLimitsOf(),
  } as const;
}

function javascript(changes: Partial<Offer> = {}) {
  return requestFor({ program: digestOf(script), programBytes: script.length, ...changes });
}

function wasi(of: Setup | Uint8Array, changes: Partial<Offer> = {}) {
  const encoded = of instanceof Uint8Array ? of : encodeSetup(of);
  const request = requestFor({
    runtime: 'wasi',
    program: digestOf(moduleBytes),
    programBytes: moduleBytes.length,
    setup: { digest: digestOf(encoded), bytes: encoded.length },
    ...changes,
  });
  return { request, blobs: [moduleBytes, encoded, words, empty] };
}

/** A requester that has these blobs, and a sandbox that reads what it loads. */
function worldWith(
  blobs: readonly Uint8Array[],
  parts: { cache?: 'none'; load?: Sandbox['load'] } = {},
) {
  const byDigest = new Map(blobs.map((bytes) => [digestOf(bytes), bytes]));
  const fetched: { from: string; blob: Digest; bytesMax: number }[] = [];
  const loaded: { program: LoadableProgram; read: Uint8Array[] }[] = [];
  const store = new MemoryStore();
  const cache = memoryCache(parts.cache);
  const programs = new ProgramFetch({
    self,
    store,
    cache,
    transport: {
      fetchBlob: async (peer, _addresses, blob, bytesMax) => {
        fetched.push({ from: peer, blob, bytesMax });
        const bytes = byDigest.get(blob);
        if (bytes === undefined) throw new Error('nobody there');
        return bytes;
      },
    },
    sandbox: {
      load:
        parts.load ??
        (async (program) => {
          const read: Uint8Array[] = [];
          for (const part of readersOf(program)) read.push(await part());
          loaded.push({ program, read });
          return undefined;
        }),
    },
  });
  return { programs, fetched, loaded, store, cache, byDigest };
}

function readersOf(program: LoadableProgram) {
  if (program.runtime === 'javascript') return [program.source];
  return [program.module, ...program.files.map(({ bytes }) => bytes)];
}

const ready = { type: 'program-ready', program: 'javascript:x' };

test('a script is fetched from its requester once, and kept for the next time', async () => {
  const { programs, fetched, loaded } = worldWith([script]);
  expect(await programs.load(javascript())).toEqual(ready);
  expect(fetched).toEqual([{ from: anna, blob: digestOf(script), bytesMax: script.length }]);
  expect(await programs.load(javascript({ requester: bert }))).toEqual(ready);
  expect(fetched).toHaveLength(1);
  expect(loaded.map(({ read }) => read)).toEqual([[script], [script]]);
});

test('a WASI program comes with its setup and data files', async () => {
  const { request, blobs } = wasi(setup);
  const { programs, fetched, loaded } = worldWith(blobs);
  expect((await programs.load(request)).type).toBe('program-ready');
  expect(loaded[0]?.read).toEqual([moduleBytes, words, empty]);
  expect(loaded[0]?.program).toMatchObject({
    runtime: 'wasi',
    arguments: setup.arguments,
    environment: setup.environment,
    files: [{ path: 'words.txt' }, { path: 'empty' }],
  });
  expect(new Set(fetched.map(({ blob }) => blob))).toEqual(new Set(blobs.map(digestOf)));
});

test('all is here before the sandbox is told', async () => {
  const { request, blobs } = wasi(setup);
  let had = 0;
  const world = worldWith(blobs, {
    load: async () => {
      had = world.fetched.length;
      return undefined;
    },
  });
  await world.programs.load(request);
  expect(had).toBe(4);
});

test('own programs come from the store and go into no cache', async () => {
  const { programs, fetched, store, cache } = worldWith([]);
  await store.putBlob(script);
  expect(await programs.load(javascript({ requester: self }))).toEqual(ready);
  expect([fetched, cache.has(digestOf(script))]).toEqual([[], false]);
});

test('programs that the sandbox dropped can be read again, fetched anew if need be', async () => {
  const { programs, fetched, loaded } = worldWith([script], { cache: 'none' });
  await programs.load(javascript());
  expect(fetched).toHaveLength(1);
  const [first] = loaded;
  if (first === undefined) throw new Error('not loaded');
  for (const read of readersOf(first.program)) expect(await read()).toEqual(script);
  expect(fetched).toHaveLength(2);
});

test('who wants a blob that is on its way to the same requester waits for it', async () => {
  const { programs, fetched } = worldWith([script]);
  const [one, other] = [programs.load(javascript()), programs.load(javascript())];
  expect([await one, await other]).toEqual([ready, ready]);
  expect(fetched).toHaveLength(1);
});

test('a requester of many files is asked for two at a time, and is in nobody’s way', async () => {
  const files = Array.from({ length: 40 }, (_, n) => fileOf(`f${n}`, Buffer.from(`file ${n}`)));
  const many = wasi({ ...setup, files });
  const contents = files.map((_, n) => Buffer.from(`file ${n}`));
  const { byDigest } = worldWith([...many.blobs, ...contents, script]);
  const present = new Map<string, number>();
  let mostOfAnna = 0;
  let bertsDone = false;
  const held = Promise.withResolvers<void>();
  const programs = new ProgramFetch({
    self,
    store: new MemoryStore(),
    cache: memoryCache(),
    sandbox: { load: async () => undefined },
    transport: {
      fetchBlob: async (peer, _addresses, blob) => {
        present.set(peer, (present.get(peer) ?? 0) + 1);
        mostOfAnna = Math.max(mostOfAnna, present.get(anna) ?? 0);
        if (peer === anna) await held.promise;
        present.set(peer, (present.get(peer) ?? 0) - 1);
        return byDigest.get(blob) ?? empty;
      },
    },
  });
  const annas = programs.load(many.request);
  const berts = programs.load(javascript({ requester: bert })).then((outcome) => {
    bertsDone = true;
    held.resolve();
    return outcome;
  });
  expect([await berts, bertsDone]).toEqual([ready, true]);
  expect((await annas).type).toBe('program-ready');
  expect(mostOfAnna).toBe(2);
});

test('what can’t be had is missing at its requester, and no fault of the program', async () => {
  const { programs } = worldWith([]);
  expect(await programs.load(javascript())).toEqual({
    type: 'program-missing',
    requester: anna,
    program: 'javascript:x',
    reason: 'its program could not be had: nobody there',
  });
  expect(await programs.load(javascript({ requester: self }))).toMatchObject({
    type: 'program-missing',
    reason: expect.stringMatching(/is gone from the disk/),
  });
});

test('a requester that lies about a size gets nowhere with it', async () => {
  const { programs, byDigest } = worldWith([script]);
  const lie = javascript({ programBytes: script.length + 1 });
  expect(await programs.load(lie)).toMatchObject({
    type: 'program-missing',
    reason: expect.stringMatching(/has 23 bytes, and its requester announced 24/),
  });
  expect(await programs.load(javascript({ requester: bert }))).toEqual(ready);
  // It is in the cache now, and the lie is found all the same.
  expect((await programs.load(lie)).type).toBe('program-missing');
  expect(byDigest.size).toBe(1);
});

test('a data file that is larger than its setup says is not taken', async () => {
  const small = { ...fileOf('words.txt', words), bytes: 1 };
  const { request, blobs } = wasi({ ...setup, files: [small] });
  const { programs, cache } = worldWith(blobs);
  await cache.put(digestOf(words), words);
  expect(await programs.load(request)).toMatchObject({
    type: 'program-missing',
    reason: expect.stringMatching(/has 10 bytes, and its requester announced 1/),
  });
});

test.each<[string, Uint8Array, RegExp]>([
  ['leaves its folder', encodeSetup({ ...setup, files: [fileOf('../a', words)] }), /not relative/],
  ['is no setup', Buffer.from([0xff, 0xff]), /not a valid protobuf/],
  ['is too large', Buffer.alloc(70_000), /70000 bytes/],
])('a setup that %s is why the job is declined', async (_what, encoded, reason) => {
  const { request, blobs } = wasi(encoded);
  const { programs, loaded } = worldWith(blobs);
  expect(await programs.load(request)).toEqual({
    type: 'program-failed',
    program: 'javascript:x',
    reason: expect.stringMatching(reason),
  });
  expect(loaded).toEqual([]);
});

test('what the sandbox refuses is told in a line, of bounded length', async () => {
  const failure = {
    kind: 'forbidden-import',
    detail: `env.open\u001b\n${'x'.repeat(5_000)}`,
  } as const;
  const { programs } = worldWith([script], { load: async () => failure });
  const outcome = await programs.load(javascript());
  expect(outcome).toMatchObject({
    type: 'program-failed',
    reason: expect.stringMatching(/^forbidden-import: env\.open\ufffd\ufffdx+\u2026$/),
  });
  expect(JSON.stringify(outcome).length).toBeLessThan(2_200);
});

test('a program that took too long to look at may be looked at again', async () => {
  const failure = { kind: 'timed-out', detail: 'evaluating it takes more than 5 s' } as const;
  const { programs } = worldWith([script], { load: async () => failure });
  expect(await programs.load(javascript())).toMatchObject({
    type: 'program-missing',
    reason: 'timed-out: evaluating it takes more than 5 s',
  });
});

test('a sandbox that could not get the bytes says nothing of the program', async () => {
  const { programs } = worldWith([], {
    load: async (program) => {
      for (const read of readersOf(program)) await read().catch(() => undefined);
      return { kind: 'threw', detail: 'no bytes' };
    },
  });
  const request = javascript({ requester: self, program: digestNumbered(5) });
  expect((await programs.load(request)).type).toBe('program-missing');
});

test('a sandbox that has closed is no crash', async () => {
  const load = () => Promise.reject(new Error('closed'));
  const { programs } = worldWith([script], { load });
  expect((await programs.load(javascript())).type).toBe('program-missing');
});
