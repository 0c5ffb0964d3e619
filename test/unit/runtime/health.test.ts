import { expect, test } from 'vitest';

import type { Digest } from '../../../src/model/ids.ts';
import { createHealth } from '../../../src/runtime/health.ts';
import { MemoryStore } from '../../support/memory-store.ts';

/** A disk that can fill up and counts what is written to it. */
class SmallDisk extends MemoryStore {
  isFull = false;
  isAway = false;
  readonly written: Digest[] = [];

  override async putBlob(bytes: Uint8Array): Promise<Digest> {
    if (this.isFull) throw new Error('There is no space left on the disk.');
    const blob = await super.putBlob(bytes);
    this.written.push(blob);
    return blob;
  }

  override async sync(): Promise<void> {
    if (this.isAway) throw new Error('The disk is away.');
  }
}

test('a peer is healthy as long as its disk can be written, and again once it can', async () => {
  const disk = new SmallDisk();
  let nowMs = 0;
  const healthy = createHealth(disk, { nowMs: () => nowMs });
  expect(await healthy()).toEqual({ ok: true });
  disk.isFull = true;
  nowMs += 1000;
  expect(await healthy()).toEqual({ ok: false, reason: 'There is no space left on the disk.' });
  disk.isFull = false;
  nowMs += 1000;
  expect(await healthy()).toEqual({ ok: true });
});

test('a peer whose disk can’t sync is not healthy', async () => {
  const disk = new SmallDisk();
  disk.isAway = true;
  const healthy = createHealth(disk, { nowMs: () => 5 });
  expect(await healthy()).toEqual({ ok: false, reason: 'The disk is away.' });
});

test('asking often costs the disk nothing, and asking leaves nothing behind', async () => {
  const disk = new SmallDisk();
  const healthy = createHealth(disk, { nowMs: () => 5 });
  await Promise.all([healthy(), healthy()]);
  expect(await healthy()).toEqual({ ok: true });
  const [blob] = disk.written;
  expect(disk.written).toHaveLength(1);
  expect(blob && (await disk.getBlob(blob))).toBeUndefined();
});
