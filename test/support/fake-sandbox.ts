/** A sandbox that does nothing by itself: a test says what its methods do. */

import type { Sandbox } from '../../src/ports.ts';

export function fakeSandbox(methods: Partial<Sandbox> = {}): Sandbox {
  return {
    slots: 1,
    load: async () => undefined,
    exportsOf: () => [],
    run: async ({ chunks }) =>
      chunks.map(() => ({ outcome: { type: 'returned' } as const, computeMs: 0 })),
    async *split() {},
    merge: async () => ({ kind: 'text', value: Uint8Array.of() }),
    stats: () => ({ slotsBusy: 0, batchesQueued: 0, restarts: 0 }),
    close: async () => undefined,
    ...methods,
  };
}
