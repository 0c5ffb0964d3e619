/**
 * The links to neighbours, as Plumtree sees them. New offers are pushed along eager links, which
 * together are a tree; along lazy ones they are only announced. A link starts eager where this peer
 * has nobody who brings it news; the copies that come twice then show which links are to spare.
 */

import type { PeerId } from '../../model/ids.ts';
import { Conduct } from './conduct.ts';

export type PushLink = {
  readonly peer: PeerId;
  readonly upAtMs: number;
  readonly conduct: Conduct;
  /** No neighbour: offers are told of once, and sent to who asks. It is no part of the tree. */
  readonly isVisit: boolean;
  /** On a visit: names that it has told, and offers that it was sent. */
  told: number;
  sent: number;
  /** New offers are pushed to it. */
  eager: boolean;
  /** It was asked not to push, and has not been asked to push again. */
  pruned: boolean;
  /** Offers that it was asked for by `want` and that have not come: they may turn out to be old. */
  owed: number;
  /** Of the last offer that it announced; Infinity before the first. */
  announcedHops: number;
  /** False while it was preferred for its path and has not sent anything since: it may lie. */
  preferable: boolean;
};

export class PushLinks {
  /** As many as there are neighbours, and visits. */
  readonly #links = new Map<PeerId, PushLink>();

  add(peer: PeerId, isVisit: boolean, nowMs: number): PushLink {
    const link: PushLink = {
      peer,
      upAtMs: nowMs,
      conduct: new Conduct(),
      isVisit,
      told: 0,
      sent: 0,
      eager: false,
      pruned: false,
      owed: 0,
      announcedHops: Infinity,
      preferable: true,
    };
    this.#links.set(peer, link);
    return link;
  }

  delete(peer: PeerId): void {
    this.#links.delete(peer);
  }

  get(peer: PeerId): PushLink | undefined {
    return this.#links.get(peer);
  }

  all(): Iterable<PushLink> {
    return this.#links.values();
  }

  get hasEager(): boolean {
    for (const { eager } of this.#links.values()) if (eager) return true;
    return false;
  }

  /**
   * The lazy link whose last announcement named the shortest path. Whoever is fed by this peer has
   * a longer one, so it is hardly ever taken: it would make a circle.
   */
  get nearestLazy(): PushLink | undefined {
    let nearest: PushLink | undefined;
    for (const link of this.#links.values()) {
      if (link.eager || link.isVisit) continue;
      if (nearest === undefined || link.announcedHops < nearest.announcedHops) nearest = link;
    }
    return nearest;
  }
}
