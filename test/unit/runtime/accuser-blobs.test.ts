import { expect, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import type { ProgramKey, ProgramRef, Setup } from '../../../src/model/program.ts';
import { AccuserBlobs } from '../../../src/runtime/accuser-blobs.ts';
import { digestOf } from '../../../src/wire/digest.ts';
import { encodeSetup } from '../../../src/wire/setup-codec.ts';
import { anna, digestNumbered } from '../../support/protocol-fixtures.ts';

const MiB = 1024 * 1024;
const key: ProgramKey = 'wasi:check';

/** @param up addresses at which the accuser is */
function blobsWith(addresses: string[], up: string[], blobs: Uint8Array[] = []) {
  const there = new Map<Digest, Uint8Array>(blobs.map((bytes) => [digestOf(bytes), bytes]));
  const tried: string[] = [];
  const late = new AbortController();
  const fetched = new AccuserBlobs(
    { accuser: anna, addresses, late: late.signal },
    {
      fetchBlob: async (peer, [address = ''], blob, bytesMax, signal) => {
        expect([peer, signal]).toEqual([anna, late.signal]);
        tried.push(address);
        if (!up.includes(address)) throw new Error(`nobody is at ${address}.`);
        return there.get(blob) ?? new Uint8Array(bytesMax);
      },
    },
  );
  return { blobs: fetched, tried, late };
}

const blob = (number: number, bytes = 1) => ({ digest: digestNumbered(number), bytes });

test('no more than two addresses are tried, since anybody may be there', async () => {
  const { blobs, tried } = blobsWith(['a:1', 'b:1', 'c:1', 'd:1'], ['c:1', 'd:1']);
  await expect(blobs.fetch(blob(1))).rejects.toThrow('nobody is at a:1. nobody is at b:1.');
  expect([tried, blobs.address]).toEqual([['a:1', 'b:1'], undefined]);
});

test('where it was reached it is asked for all else', async () => {
  const { blobs, tried } = blobsWith(['a:1', 'b:1'], ['b:1']);
  await blobs.fetch(blob(1));
  await blobs.fetch(blob(2));
  expect([tried, blobs.address]).toEqual([['a:1', 'b:1', 'b:1'], 'b:1']);
});

test('when it is late no other address is tried', async () => {
  const { blobs, tried, late } = blobsWith(['a:1', 'b:1'], []);
  late.abort();
  await expect(blobs.fetch(blob(1))).rejects.toThrow('nobody is at a:1.');
  expect(tried).toEqual(['a:1']);
});

test('all together has 8 MiB at most', async () => {
  const { blobs, tried } = blobsWith(['a:1'], ['a:1']);
  await blobs.fetch(blob(1, 5 * MiB));
  await blobs.fetch(blob(2, 3 * MiB));
  await expect(blobs.fetch(blob(3, 1))).rejects.toThrow('it takes more than 8388608 bytes');
  expect(tried).toHaveLength(2);
});

test('a blob has as many bytes as was said', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const { blobs } = blobsWith(['a:1'], ['a:1'], [bytes]);
  const wrong = { digest: digestOf(bytes), bytes: 4 };
  await expect(blobs.fetch(wrong)).rejects.toThrow(
    '3 bytes came of a blob that was said to have 4',
  );
});

test('a program is all here when it is loaded, each blob fetched once', async () => {
  const module = Uint8Array.of(1);
  const data = Uint8Array.of(2);
  const file = { digest: digestOf(data), bytes: 1 };
  const setup: Setup = {
    arguments: ['x'],
    environment: [],
    files: [
      { path: 'a', ...file },
      { path: 'b', ...file },
    ],
  };
  const encoded = encodeSetup(setup);
  const ref: ProgramRef = {
    runtime: 'wasi',
    program: digestOf(module),
    programBytes: 1,
    setup: { digest: digestOf(encoded), bytes: encoded.length },
  };
  const { blobs, tried } = blobsWith(['a:1'], ['a:1'], [module, data, encoded]);
  const program = await blobs.program(ref, MiB, key);
  expect(tried).toHaveLength(3);
  if (program.runtime !== 'wasi') throw new Error('it is a module');
  expect(program).toMatchObject({ key, arguments: ['x'] });
  expect(await program.module()).toEqual(module);
  const files = await Promise.all(program.files.map(async ({ bytes }) => bytes()));
  expect(files).toEqual([data, data]);
  expect(tried).toHaveLength(3);
});

test('a setup that is none is said to be none', async () => {
  const nonsense = Uint8Array.of(255, 255, 255);
  const ref: ProgramRef = {
    runtime: 'wasi',
    program: digestNumbered(1),
    programBytes: 1,
    setup: { digest: digestOf(nonsense), bytes: 3 },
  };
  const { blobs } = blobsWith(['a:1'], ['a:1'], [nonsense]);
  await expect(blobs.program(ref, MiB, key)).rejects.toThrow("its setup can't be used");
});
