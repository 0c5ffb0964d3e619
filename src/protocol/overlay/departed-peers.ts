/**
 * Peers that were found dead, or could not be reached. Their records go round for a while longer,
 * and without this memory each round would have them dialled again. A peer that has come back says
 * so by a newer record, which is taken at once.
 */

import type { PeerId } from '../../model/ids.ts';
import type { PeerRecord } from '../../model/peer-record.ts';
import { BoundedMap } from '../bounded-map.ts';

/** Records that nobody refreshes are gone within the hour; a guess well below. */
const AWAY_MS = 10 * 60_000;
/** Four passive views: of a grid that has mostly crashed, a peer tries about one. */
const REMEMBERED_MAX = 256;

type Entry = { readonly sequence: number; readonly untilMs: number };

export class DepartedPeers {
  readonly #entries = new BoundedMap<PeerId, Entry>(REMEMBERED_MAX);

  add({ peer, sequence }: PeerRecord, nowMs: number): void {
    this.#entries.put(peer, { sequence, untilMs: nowMs + AWAY_MS });
  }

  /** Whether the record is no news of its peer. */
  has({ peer, sequence }: PeerRecord, nowMs: number): boolean {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return false;
    if (entry.sequence >= sequence && entry.untilMs > nowMs) return true;
    this.#entries.delete(peer);
    return false;
  }
}
