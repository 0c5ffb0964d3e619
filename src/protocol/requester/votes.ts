/** Undecided chunks by who voted or failed: they move when that peer is checked, or caught. */

import type { PeerId } from '../../model/ids.ts';
import type { OpenChunk } from './open-chunk.ts';

export class Votes {
  readonly #byPeer = new Map<PeerId, Set<OpenChunk>>();

  add(peer: PeerId, open: OpenChunk): void {
    const opens = this.#byPeer.get(peer);
    if (opens === undefined) this.#byPeer.set(peer, new Set([open]));
    else opens.add(open);
  }

  of(peer: PeerId): Iterable<OpenChunk> {
    return this.#byPeer.get(peer) ?? [];
  }

  /** A chunk is decided. */
  end(open: OpenChunk): void {
    for (const { peers } of open.groups) for (const peer of peers) this.#forget(peer, open);
    for (const peer of open.failedAt) this.#forget(peer, open);
  }

  #forget(peer: PeerId, open: OpenChunk): void {
    const opens = this.#byPeer.get(peer);
    opens?.delete(open);
    if (opens?.size === 0) this.#byPeer.delete(peer);
  }

  /** A peer's votes count no more. @returns the chunks that they were for */
  withdraw(peer: PeerId): OpenChunk[] {
    const opens = [...this.of(peer)];
    this.#byPeer.delete(peer);
    for (const open of opens) open.withdraw(peer);
    return opens;
  }
}
