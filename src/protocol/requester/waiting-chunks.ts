/**
 * Chunks that lack votes, and which of them is for whom. Disputed ones go first: whoever settles a
 * dispute finds a liar, before that one has voted on more. Then those that the peer's vote should
 * decide, the longest waiting first, so that no chunk waits long for its last vote.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Evidence } from './evidence.ts';
import type { OpenChunk } from './open-chunk.ts';
import type { VolunteerNetworks } from './volunteer-networks.ts';

/** Looked through for one that a peer's vote decides; the rest has come later. A guess. */
const SCANNED_MAX = 64;
/** Votes of different networks, and for each against them: fewer may be one liar's names. */
const MAJORITY = 3;

export class WaitingChunks {
  readonly #evidence: Evidence;
  readonly #networks: VolunteerNetworks;
  /** By chunk, the longest waiting first. */
  readonly #waiting = new Map<number, OpenChunk>();
  /** Those of them with votes for different results. */
  readonly #disputed = new Map<number, OpenChunk>();

  constructor(evidence: Evidence, networks: VolunteerNetworks) {
    this.#evidence = evidence;
    this.#networks = networks;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** After a lease, a vote, or either that came to nothing. */
  reconsider(open: OpenChunk): void {
    const { chunk } = open;
    // What is believed and was not kept has to come once more.
    const isPromised = open.active > 0 && this.#evidence.lacking(open) <= 1;
    if (open.decided || isPromised) {
      // Not if it was opened again meanwhile, as another one of the same number.
      if (this.#waiting.get(chunk) !== open) return;
      this.#waiting.delete(chunk);
      this.#disputed.delete(chunk);
      return;
    }
    this.#waiting.set(chunk, open);
    if (open.groups.length > 1) this.#disputed.set(chunk, open);
    else this.#disputed.delete(chunk);
  }

  disputed(peer: PeerId): OpenChunk | undefined {
    return this.#firstFor(peer, this.#disputed, Infinity);
  }

  /** One that a vote of the peer's should decide. */
  decidedBy(peer: PeerId): OpenChunk | undefined {
    return this.#firstFor(peer, this.#waiting, this.#evidence.weight(peer));
  }

  first(peer: PeerId): OpenChunk | undefined {
    return this.#firstFor(peer, this.#waiting, Infinity);
  }

  /**
   * Whether one waits that would be decided if this peer's word weighed more. Only the word of a
   * clear majority may gain by that: liars that are as many as the others would gain as much.
   */
  isForMoreOf(peer: PeerId): boolean {
    let scanned = 0;
    for (const open of this.#waiting.values()) {
      scanned += 1;
      if (scanned > SCANNED_MAX) return false;
      const own = open.groups.find(({ peers }) => peers.includes(peer))?.peers ?? [];
      const votes = open.groups.reduce((sum, { peers }) => sum + peers.length, 0);
      const against = Math.max(votes - own.length, 1);
      if (this.#networksOf(own) >= MAJORITY * against) return true;
    }
    return false;
  }

  /** Those that none of these peers may take, and that nobody has. */
  waitingForOthersThan(peers: readonly PeerId[]): number {
    let waiting = 0;
    for (const open of this.#waiting.values()) {
      if (open.active === 0 && !peers.some((peer) => open.mayTake(peer))) waiting += 1;
    }
    return waiting;
  }

  /** In how many they are; nearby everybody is in one of its own. */
  #networksOf(peers: readonly PeerId[]): number {
    return peers.filter((peer, at) => {
      const before = peers.slice(0, at).map((other) => ({ peer: other }));
      return !this.#networks.isAmong(peer, before);
    }).length;
  }

  /** Of those that lack no more than that; where nobody of its network has it, if there is one. */
  #firstFor(
    peer: PeerId,
    chunks: ReadonlyMap<number, OpenChunk>,
    lackingMax: number,
  ): OpenChunk | undefined {
    let second: OpenChunk | undefined;
    let scanned = 0;
    for (const open of chunks.values()) {
      scanned += 1;
      if (scanned > SCANNED_MAX && (second !== undefined || lackingMax < Infinity)) break;
      if (!open.mayTake(peer)) continue;
      if (lackingMax < Infinity && this.#evidence.lacking(open) > lackingMax) continue;
      if (!this.#networks.isAmong(peer, open.replicas)) return open;
      second ??= open;
    }
    return second;
  }
}
