/** Which results were accepted, and on whose word: for the day when one of those is caught. */

import type { Digest, PeerId } from '../../model/ids.ts';

/** On whose word one rests; more add nothing. */
const PEERS_MAX = 32;

export type Acceptance = {
  readonly chunk: number;
  readonly digest: Digest;
  readonly peers: readonly PeerId[];
};

export class Acceptances {
  /** By chunk. */
  readonly #all: (Acceptance | undefined)[] = [];

  add(chunk: number, digest: Digest, peers: readonly PeerId[]): void {
    this.#all[chunk] = { chunk, digest, peers: [...peers] };
  }

  /** Whether it is still what it was. */
  holds(chunk: number, digest: Digest): boolean {
    return this.#all[chunk]?.digest === digest;
  }

  get(chunk: number): Acceptance | undefined {
    return this.#all[chunk];
  }

  /** A peer has said the same, when it was checked. */
  join(chunk: number, peer: PeerId): void {
    const acceptance = this.#all[chunk];
    if (acceptance === undefined || acceptance.peers.length >= PEERS_MAX) return;
    this.#all[chunk] = { ...acceptance, peers: [...acceptance.peers, peer] };
  }

  delete(chunk: number): void {
    this.#all[chunk] = undefined;
  }

  /**
   * A peer's word is worth nothing any more.
   * @param suffices whether the others' is enough
   * @returns those that hold no more, with the peers that are left; they are taken out
   */
  withdraw(peer: PeerId, suffices: (others: readonly PeerId[]) => boolean): Acceptance[] {
    const fallen: Acceptance[] = [];
    for (const acceptance of this.#all) {
      if (acceptance?.peers.includes(peer) !== true) continue;
      const { chunk } = acceptance;
      const peers = acceptance.peers.filter((other) => other !== peer);
      const without = { ...acceptance, peers };
      const holds = suffices(peers);
      this.#all[chunk] = holds ? without : undefined;
      if (!holds) fallen.push(without);
    }
    return fallen;
  }
}
