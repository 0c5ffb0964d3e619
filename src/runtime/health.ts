/**
 * Whether this peer can do its part: that it answers at all shows that its event loop turns; what
 * is left to find out is whether its disk takes what it must keep. So a few bytes are written and
 * removed again, and the database is synced. The alternative, remembering how the last write of a
 * job went, would call a peer ill long after its owner has made room.
 */

import { reasonOf } from '../model/errors.ts';
import type { Clock, Store } from '../ports.ts';
import type { Health } from './metrics-server.ts';

/** Whoever asks more often gets the last answer, so that asking costs the disk nothing. */
const CHECK_EVERY_MS = 1000;
/** Some bytes that no job has. */
const probe = new TextEncoder().encode('manyhands: can this disk be written?\n'.repeat(100));

export function createHealth(
  store: Pick<Store, 'putBlob' | 'deleteBlob' | 'sync'>,
  clock: Pick<Clock, 'nowMs'>,
): () => Promise<Health> {
  let checkedAtMs = -Infinity;
  let last: Promise<Health> | undefined;
  async function check(): Promise<Health> {
    try {
      await store.deleteBlob(await store.putBlob(probe));
      await store.sync();
      return { ok: true };
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
  }
  return () => {
    const nowMs = clock.nowMs();
    if (last === undefined || nowMs - checkedAtMs >= CHECK_EVERY_MS) {
      checkedAtMs = nowMs;
      last = check();
    }
    return last;
  };
}
