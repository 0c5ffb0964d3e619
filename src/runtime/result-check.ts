/**
 * Looks at what a volunteer has signed before the machine does: is it about the very program and
 * input that the volunteer was leased? Who signs anything else could lie and never be shown to have
 * lied, since nobody could compute again what it says it has computed.
 *
 * Only what answers a lease is looked at. Anything else the machine ignores, and nobody should have
 * pages read from disk by naming chunks.
 */

import type { PeerId } from '../model/ids.ts';
import type { ResultFrame } from '../model/replica.ts';
import type { JobTable } from '../protocol/requester/job-table.ts';
import type { JobPages } from './pages.ts';

/**
 * @returns the first chunk of which it says to have computed something else; undefined if there is
 *   none
 * @throws {Error} if a page of inputs can't be read
 */
export async function otherWork(
  from: PeerId,
  { replicas }: ResultFrame,
  table: Pick<JobTable, 'expects'>,
  pages: Pick<JobPages, 'workOf'>,
): Promise<number | undefined> {
  for (const replica of replicas) {
    if (replica.outcome.type !== 'result' || !table.expects(from, replica)) continue;
    const work = await pages.workOf(replica.chunk);
    if (work !== undefined && work !== replica.work) return replica.chunk;
  }
  return undefined;
}
