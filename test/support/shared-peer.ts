/** One peer for all tests of a file, as a process of its own. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { type PeerProcess, spawnPeer } from './peer-process.ts';

/** To be called once, outside of the tests. */
export function sharedPeer(): { readonly dataPath: string; readonly peer: PeerProcess } {
  const dataPath = mkdtempSync(join(tmpdir(), 'manyhands-'));
  let peer: PeerProcess | undefined;
  beforeAll(async () => {
    peer = await spawnPeer({ dataPath });
  });
  afterAll(async () => {
    await peer?.end();
    rmSync(dataPath, { recursive: true });
  });
  return {
    dataPath,
    get peer() {
      if (peer === undefined) throw new Error('the peer is there while the tests run');
      return peer;
    },
  };
}
