/** Whatever says that it is a `Store`: the real one, and those that stand in for it. */

import type { Store } from '../../src/ports.ts';
import { openStore } from '../../src/storage/sqlite-store.ts';
import { fragileStore } from '../support/fragile-store.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { tempDir } from '../support/temp-dir.ts';

export const stores: readonly (readonly [string, () => Promise<Store>])[] = [
  ['SQLite and files', async () => openStore({ path: tempDir() })],
  ['memory', async () => new MemoryStore()],
  ['a disk that may lose its power', async () => fragileStore()],
];
