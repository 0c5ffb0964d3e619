/**
 * Tells the owner of neighbours gained and lost. The machine has no event for either: a link that
 * comes up may only be a question, and its end may follow from any event. So after each event its
 * neighbours, which are few, are compared with those told of before.
 */

import type { PeerId } from '../model/ids.ts';
import type { PeerEvent } from '../protocol/events.ts';
import type { Logger } from './log.ts';

export class NeighbourLog {
  readonly #log: Logger;
  readonly #told = new Set<PeerId>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param neighbours after `event` was handled */
  compare(neighbours: ReadonlyMap<PeerId, unknown>, event: PeerEvent): void {
    for (const peer of this.#told) {
      if (neighbours.has(peer)) continue;
      this.#told.delete(peer);
      this.#log.info({ peer, reason: reasonIn(event, peer) }, 'neighbour down');
    }
    for (const peer of neighbours.keys()) {
      if (this.#told.has(peer)) continue;
      this.#told.add(peer);
      this.#log.info({ peer }, 'neighbour up');
    }
  }
}

/** @returns undefined where this peer parted with it; the machine's counts tell why */
function reasonIn(event: PeerEvent, peer: PeerId): string | undefined {
  if (event.type === 'link-down' && event.peer === peer) return event.reason;
  const isDisconnect = event.type === 'overlay-message' && event.message.type === 'disconnect';
  return isDisconnect && event.from === peer ? 'it makes room for another' : undefined;
}
