import { expect, test } from 'vitest';

import { WasiRandom } from '../../../src/sandbox/wasi-random.ts';

/** `pieces` bytes at a time. */
function bytes(seed: string, pieces: readonly number[]): Buffer {
  const random = new WasiRandom(seed);
  return Buffer.concat(
    pieces.map((count) => {
      const target = new Uint8Array(count);
      random.writeTo(target);
      return target;
    }),
  );
}

test('equal seeds give equal bytes, others do not', () => {
  expect(bytes('job 1, chunk 1', [32])).toEqual(bytes('job 1, chunk 1', [32]));
  expect(bytes('job 1, chunk 1', [32])).not.toEqual(bytes('job 1, chunk 2', [32]));
});

test('the bytes of a seed are the same for all versions', () => {
  // AES-256-CTR of zeros with the key SHA-256("seed"), as OpenSSL makes it.
  expect(bytes('seed', [16]).toString('hex')).toBe('1024e03ef1672193f39622137b645616');
});

test('the stream is one, however it is cut into calls', () => {
  const whole = bytes('seed', [300_000]);
  expect(bytes('seed', [1, 0, 15, 16, 17, 65_536, 100_000, 134_415]).equals(whole)).toBe(true);
});

test('what was in the target before makes no difference', () => {
  const target = new Uint8Array(64).fill(7);
  new WasiRandom('seed').writeTo(target);
  expect(Buffer.from(target)).toEqual(bytes('seed', [64]));
});
