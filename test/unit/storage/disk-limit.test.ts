import { expect, test } from 'vitest';

import { bytesOnDisk, DiskLimit } from '../../../src/storage/disk-limit.ts';

const KiB = 1024;

test('without a limit nothing is ever asked for room', () => {
  const limit = new DiskLimit('/data');
  limit.add('cache', { bytes: () => 2 ** 50, shed: () => expect.unreachable() });
  limit.makeRoom(() => 2 ** 50);
  expect([limit.bytes, limit.bytesMax]).toEqual([2 ** 50, Infinity]);
});

test('what is missed the least goes first, and no more of it than has to', () => {
  const { limit, given } = limitOf({ cache: 3, database: 2, blobs: 4 }, 10);
  limit.makeRoom(() => KiB);
  expect(given).toEqual([]);
  limit.makeRoom(() => 3 * KiB);
  expect(given).toEqual(['cache', 'cache']);
  limit.makeRoom(() => 5 * KiB);
  expect(given).toEqual(['cache', 'cache', 'cache', 'database']);
});

test('when nothing is left to give up, the write is refused with what to do', () => {
  const { limit, given } = limitOf({ cache: 1, database: 1, blobs: 2 }, 4);
  expect(() => limit.makeRoom(() => 5 * KiB)).toThrow(
    expect.objectContaining({
      code: 'disk-full',
      message:
        'The data folder /data holds 0 B of the 4 KiB that --disk-limit allows, and all of it is ' +
        'in use. Cancel or wait for jobs that run, or start the peer again with a higher ' +
        '--disk-limit.',
    }),
  );
  expect(given).toEqual(['cache', 'database', 'blobs', 'blobs']);
});

test('for what is missed less than a part, that part gives nothing up', () => {
  const { limit, given } = limitOf({ cache: 1, database: 1, blobs: 2 }, 4);
  expect(() => limit.makeRoom(() => 3 * KiB, 'database')).toThrow('--disk-limit');
  expect(given).toEqual(['cache', 'database']);
});

test('room that is free in the database is no room any more once the file has shrunk', () => {
  let free = 3 * KiB;
  let bytes = 4 * KiB;
  const limit = new DiskLimit('/data', 4 * KiB);
  const shed = (): boolean => {
    if (free === 0) return false;
    bytes -= free;
    free = 0;
    return true;
  };
  limit.add('database', { bytes: () => bytes, shed });
  // Four more, of which three would have gone into the free room: there are three after all.
  expect(() => limit.makeRoom(() => 4 * KiB - free)).toThrow('--disk-limit');
  limit.makeRoom(() => 3 * KiB - free);
});

test('a file takes whole blocks', () => {
  expect([0, 1, 4096, 4097].map(bytesOnDisk)).toEqual([0, 4096, 4096, 8192]);
});

/** Parts that hold so many KiB and give up one at a time. */
function limitOf(parts: Record<'cache' | 'database' | 'blobs', number>, kibMax: number) {
  const limit = new DiskLimit('/data', kibMax * KiB);
  const given: string[] = [];
  for (const name of ['blobs', 'database', 'cache'] as const) {
    const shed = (): boolean => {
      if (parts[name] === 0) return false;
      parts[name] -= 1;
      given.push(name);
      return true;
    };
    limit.add(name, { bytes: () => parts[name] * KiB, shed });
  }
  return { limit, given };
}
