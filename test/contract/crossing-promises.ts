/**
 * What `ports.ts` promises of peers that dial each other at the same moment, whatever the
 * `Transport` is made of.
 */

import { expect, test } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import type { TransportEvent } from '../../src/ports.ts';
import { createRandom, type Random } from '../../src/protocol/random.ts';
import {
  eventsOf,
  isTold,
  overlayMessagesTo,
  type SharedTransport,
  type TransportWorld,
  typesOf,
  type WorldPeer,
} from '../support/transport-world.ts';

export function holdsCrossingPromises(begin: () => TransportWorld): void {
  test('leave one stream, and no event tells of the other', async () => {
    const world = begin();
    for (let round = 0; round < world.rounds; round++) {
      const [a, b] = await Promise.all([world.join(), world.join()]);
      a.transport.dial(b.address, b.peer);
      b.transport.dial(a.address, a.peer);
      await world.until(() => isTold(a, 'link-up') && isTold(b, 'link-up'));
      // Whichever way the two crossed, both sides hold the same stream: what is sent arrives.
      a.transport.sendOverlay(b.peer, { type: 'prune' });
      b.transport.sendOverlay(a.peer, { type: 'prune' });
      await world.until(() => overlayMessagesTo(a).length > 0 && overlayMessagesTo(b).length > 0);
      const ups = [...eventsOf(a, 'link-up'), ...eventsOf(b, 'link-up')];
      expect(ups.map(({ direction }) => direction).sort()).toEqual(['incoming', 'outgoing']);
      for (const [peer, other] of [[a, b] as const, [b, a] as const]) {
        expect(typesOf(peer)).toEqual(['link-up', 'overlay-message']);
        expect(peer.events[0]).toMatchObject({ peer: other.peer, dialled: other.address });
      }
    }
  });

  test('end in one event each, also if they do not say whom they mean', async () => {
    const world = begin();
    for (let round = 0; round < world.rounds; round++) {
      const [a, b] = await Promise.all([world.join(), world.join()]);
      a.transport.dial(b.address);
      b.transport.dial(a.address);
      for (const [peer, other] of [[a, b] as const, [b, a] as const]) {
        const ends = (): number =>
          eventsOf(peer, 'link-up').filter(({ dialled }) => dialled === other.address).length +
          eventsOf(peer, 'dial-failed').length;
        await world.until(() => ends() > 0);
        expect(ends()).toBe(1);
        expect(eventsOf(peer, 'link-up')).toHaveLength(1);
      }
    }
  });

  test('leave no link on one side only when one hangs up at that moment', async () => {
    const world = begin();
    for (let round = 0; round < world.rounds; round++) {
      const a = await world.join((event, transport) => {
        if (event.type === 'link-up') transport.hangUp(event.peer);
      });
      const b = await world.join();
      a.transport.dial(b.address, b.peer);
      b.transport.dial(a.address, a.peer);
      await world.until(() => {
        const [ups, downs] = [eventsOf(b, 'link-up').length, eventsOf(b, 'link-down').length];
        return ups > 0 && ups === downs && isTold(a, 'link-up');
      });
      // Each link went down before the next came up.
      expect(typesOf(b).filter((type) => type !== 'dial-failed')).toEqual(
        eventsOf(b, 'link-up').flatMap(() => ['link-up', 'link-down']),
      );
      expect(eventsOf(a, 'link-down')).toEqual([]);
    }
  });

  test('and are hung up, at will among several peers, leave all of one mind', async () => {
    const world = begin();
    const random = createRandom(1);
    const callers = await Promise.all(Array.from({ length: PEERS }, () => join(world, random)));
    const any = (): Caller => callers[Math.floor(random.next() * PEERS)] ?? never();
    for (let round = 0; round < world.rounds; round++) {
      for (let dial = 0; dial < DIALS; dial++) any().dial(any(), random.next() < 0.5);
      await world.until(() => callers.every(({ dials }) => dials.length === 0));
      await world.until(() => areOfOneMind(callers));
      any().hangUpAll();
      await world.until(() => areOfOneMind(callers));
      expect(callers.flatMap(({ surprises }) => surprises)).toEqual([]);
    }
  });
}

const PEERS = 4;
/** At the same moment, in one round. */
const DIALS = 8;
/** Of the links that come up, so many are hung up at once. */
const HANG_UP_SHARE = 0.4;

/**
 * Keeps a list of its links by what it is told and does, as a machine would: whatever happens, all
 * that it is told has to fit the list, and in the end the lists of any two have to fit each other.
 */
class Caller {
  /** Whether the other side was heard; each says one thing as soon as there is a link. */
  readonly links = new Map<PeerId, boolean>();
  /** Addresses of those that have not ended yet. */
  readonly dials: string[] = [];
  readonly surprises: string[] = [];
  readonly #isToHangUp: () => boolean;
  #joined: WorldPeer | undefined;

  constructor(isToHangUp: () => boolean) {
    this.#isToHangUp = isToHangUp;
  }

  set joined(peer: WorldPeer) {
    this.#joined = peer;
  }

  get joined(): WorldPeer {
    return this.#joined ?? never();
  }

  dial({ joined: { address, peer } }: Caller, saysWhom: boolean): void {
    this.dials.push(address);
    this.joined.transport.dial(address, saysWhom ? peer : undefined);
  }

  hangUpAll(): void {
    for (const peer of this.links.keys()) this.joined.transport.hangUp(peer);
    this.links.clear();
  }

  hear(event: TransportEvent, transport: SharedTransport): void {
    switch (event.type) {
      case 'link-up':
        if (this.links.has(event.peer)) this.surprises.push('a second link to one peer');
        if (event.dialled !== undefined) this.#ended(event.dialled);
        this.links.set(event.peer, false);
        transport.sendOverlay(event.peer, { type: 'prune' });
        if (!this.#isToHangUp()) return;
        transport.hangUp(event.peer);
        this.links.delete(event.peer);
        return;
      case 'overlay-message':
        if (this.links.get(event.from) !== false) this.surprises.push('a message out of nowhere');
        this.links.set(event.from, true);
        return;
      case 'link-down':
        if (!this.links.delete(event.peer)) this.surprises.push('the end of no link');
        return;
      case 'dial-failed':
        this.#ended(event.address);
        return;
      default:
        this.surprises.push(event.type);
    }
  }

  #ended(address: string): void {
    const index = this.dials.indexOf(address);
    if (index >= 0) this.dials.splice(index, 1);
    else this.surprises.push(`a second end of the dial of ${address}`);
  }
}

async function join(world: TransportWorld, random: Random): Promise<Caller> {
  const caller = new Caller(() => random.next() < HANG_UP_SHARE);
  caller.joined = await world.join((event, transport) => caller.hear(event, transport));
  return caller;
}

/** Whether each link is known to both its ends, and each has heard the other over it. */
function areOfOneMind(callers: readonly Caller[]): boolean {
  return callers.every(({ links, joined }) =>
    callers.every((other) => {
      const heard = links.get(other.joined.peer);
      return heard !== false && heard === other.links.get(joined.peer);
    }),
  );
}

function never(): never {
  throw new Error('no such peer');
}
