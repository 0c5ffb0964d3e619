/**
 * What is kept of a job that is done so that its results can be audited, beside what peers have
 * signed: the accepted digests, which the table of results takes with it, and the chunks' inputs.
 */

import { setImmediate as breathe } from 'node:timers/promises';

import { GridError } from '../model/errors.ts';
import type { JobId } from '../model/ids.ts';
import type { Certificates, Store } from '../ports.ts';
import type { JobPages } from './pages.ts';

/** Read at a time, so that nothing else waits for long. */
const DIGESTS_READ_MAX = 8192;
const DIGEST_BYTES = 32;

/**
 * To be called while the store has the job's results.
 * @returns undefined where the disk could not take them: the result is worth more than they are
 */
export async function keepCertificates(
  job: JobId,
  pages: Pick<JobPages, 'kept'>,
  store: Store,
): Promise<Certificates | undefined> {
  try {
    const { digest: digests } = await store.putBlobPieces(digestsOf(job, store));
    const kept = pages.kept();
    if (kept === undefined) return { digests };
    const { digest: inputs } = await store.putBlobPieces(kept);
    return { digests, inputs };
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

async function* digestsOf(job: JobId, store: Store): AsyncGenerator<Uint8Array> {
  for (let from = 0; ;) {
    const digests = store.readDigests(job, from, DIGESTS_READ_MAX);
    if (digests.length === 0) return;
    yield digests;
    from += digests.length / DIGEST_BYTES;
    await breathe();
  }
}
