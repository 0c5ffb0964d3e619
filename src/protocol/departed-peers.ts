/**
 * Peers that were found dead, or could not be reached. Their records go round for a while longer,
 * and without this memory each round would have them dialled again. A peer that has come back says
 * so by a newer record, which is taken at once.
 */

import type { PeerId } from '../model/ids.ts';
import type { PeerRecord } from '../model/peer-record.ts';

/** Records that nobody refreshes are gone within the hour; a guess well below. */
const AWAY_MS = 10 * 60_000;
/** Four passive views: of a grid that has mostly crashed, a peer tries about one. */
const REMEMBERED_MAX = 256;

type Entry = { readonly sequence: number; readonly untilMs: number };

export class DepartedPeers {
  /** The last that departed last. */
  readonly #entries = new Map<PeerId, Entry>();

  add({ peer, sequence }: PeerRecord, nowMs: number): void {
    this.#entries.delete(peer);
    this.#entries.set(peer, { sequence, untilMs: nowMs + AWAY_MS });
    if (this.#entries.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
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
