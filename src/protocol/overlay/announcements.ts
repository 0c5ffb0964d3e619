/**
 * What each lazy link is still to be told: names of offers that it was not sent. They wait for some
 * milliseconds, so that one frame names many. Meanwhile the neighbour may name the same offer
 * itself, and then need not be told: that saves almost half of the frames.
 */

import { limits } from '../../model/limits.ts';
import type { PeerId } from '../../model/ids.ts';
import type { Announcement } from '../../model/messages.ts';

/**
 * Much less than the way to a neighbour takes, and enough that offers which come together leave
 * together. iroh-gossip has 5 ms.
 */
const FLUSH_AFTER_MS = 10;
/** As many as there can be offers; what comes in such a flood is not missed by its name. */
const QUEUE_MAX = limits.offersMax;

export class Announcements {
  /** By `nameKey`. A neighbour has a queue from its first announcement until it is gone. */
  readonly #queues = new Map<PeerId, Map<string, Announcement>>();
  #dueAtMs = Infinity;

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** @param key of `nameKey` */
  add(to: PeerId, key: string, announcement: Announcement, nowMs: number): void {
    let queue = this.#queues.get(to);
    if (queue === undefined) {
      queue = new Map();
      this.#queues.set(to, queue);
    }
    if (queue.size >= QUEUE_MAX) return;
    queue.set(key, announcement);
    this.#dueAtMs = Math.min(this.#dueAtMs, nowMs + FLUSH_AFTER_MS);
  }

  /** Whether there is anything that the neighbour could be said to know already. */
  waitsFor(peer: PeerId): boolean {
    return (this.#queues.get(peer)?.size ?? 0) > 0;
  }

  /** The neighbour knows it. */
  drop(peer: PeerId, key: string): void {
    this.#queues.get(peer)?.delete(key);
  }

  gone(peer: PeerId): void {
    this.#queues.delete(peer);
  }

  /** All that waits, in frames. */
  flush(): { readonly to: PeerId; readonly offers: readonly Announcement[] }[] {
    this.#dueAtMs = Infinity;
    const frames: { to: PeerId; offers: readonly Announcement[] }[] = [];
    for (const [to, queue] of this.#queues) {
      if (queue.size === 0) continue;
      for (const offers of inFrames([...queue.values()])) frames.push({ to, offers });
      queue.clear();
    }
    return frames;
  }
}

/** Cut so that each part fits into one frame. */
export function inFrames<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length <= limits.offerNamesPerFrameMax) return items.length === 0 ? [] : [items];
  const frames: (readonly Item[])[] = [];
  for (let from = 0; from < items.length; from += limits.offerNamesPerFrameMax) {
    frames.push(items.slice(from, from + limits.offerNamesPerFrameMax));
  }
  return frames;
}
