/** A cache of blobs that forgets nothing, unless it has room for nothing. */

import type { Digest } from '../../src/model/ids.ts';
import type { BlobCache } from '../../src/ports.ts';

export function memoryCache(room: 'endless' | 'none' = 'endless'): BlobCache {
  const blobs = new Map<Digest, Uint8Array>();
  return {
    has: (blob) => blobs.has(blob),
    get: async (blob) => blobs.get(blob),
    put: async (blob, bytes) => {
      if (room === 'endless') blobs.set(blob, bytes);
    },
  };
}
