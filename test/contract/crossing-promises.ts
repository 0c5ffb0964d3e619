/**
 * What `ports.ts` promises of peers that dial each other at the same moment, whatever the
 * `Transport` is made of.
 */

import { expect, test } from 'vitest';

import type { PeerId } from '../../src/model/ids.ts';
import type { TransportEvent } from '../../src/ports.ts';
import { createRandom } from '../../src/protocol/random.ts';
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
        return ups > 0 && ups === downs && eventsOf(a, 'link-up').length === ups;
      });
      // Each link went down before the next came up.
      expect(typesOf(b).filter((type) => type !== 'dial-failed')).toEqual(
        eventsOf(b, 'link-up').flatMap(() => ['link-up', 'link-down']),
      );
      expect(eventsOf(a, 'link-down')).toEqual([]);
    }
  });

  test('and are hung up, at will among several peers, leave all of one mind', async () => {
    await dialsAtWill(begin());
  });
}

type Caller = WorldPeer & {
  readonly links: Set<PeerId>;
  /** Dials that have not ended yet, by their addresses. */
  readonly dials: string[];
};

const PEERS = 4;
/** At the same moment, in one round. */
const DIALS = 8;
/** Of the links that come up, so many are hung up at once. */
const HANG_UP_SHARE = 0.4;

/**
 * A few peers that dial each other at the same moments and hang up whenever they like. Each keeps a
 * list of its links by what it is told and does, as a machine would; whatever happens, all that it
 * is told has to fit its list, and in the end the lists of any two peers have to fit each other.
 */
async function dialsAtWill(world: TransportWorld): Promise<void> {
  const random = createRandom(1);
  const callers: Caller[] = [];
  const surprises: string[] = [];
  for (let number = 0; number < PEERS; number++) {
    callers.push(await join(world, surprises, () => random.next() < HANG_UP_SHARE));
  }
  const any = (): Caller => callers[Math.floor(random.next() * PEERS)] ?? never();
  for (let round = 0; round < world.rounds; round++) {
    for (let dial = 0; dial < DIALS; dial++) {
      const [one, other] = [any(), any()];
      one.dials.push(other.address);
      one.transport.dial(other.address, random.next() < 0.5 ? other.peer : undefined);
    }
    await world.until(() => callers.every(({ dials }) => dials.length === 0));
    await world.until(() => areOfOneMind(callers));
    await expectAllHear(world, callers, round);
    expect(surprises).toEqual([]);
    const { transport, links } = any();
    for (const peer of links) hangUp(transport, links, peer);
    await world.until(() => areOfOneMind(callers));
  }
}

async function join(
  world: TransportWorld,
  surprises: string[],
  isToHangUp: () => boolean,
): Promise<Caller> {
  const links = new Set<PeerId>();
  const dials: string[] = [];
  const ended = (address: string): void => {
    const index = dials.indexOf(address);
    if (index >= 0) dials.splice(index, 1);
    else surprises.push(`the dial of ${address} had ended`);
  };
  const joined = await world.join((event, transport) => {
    const surprise = surpriseOf(event, links);
    if (surprise !== undefined) surprises.push(surprise);
    if (event.type === 'dial-failed') ended(event.address);
    if (event.type === 'link-down') links.delete(event.peer);
    if (event.type !== 'link-up') return;
    links.add(event.peer);
    if (event.dialled !== undefined) ended(event.dialled);
    if (isToHangUp()) hangUp(transport, links, event.peer);
  });
  return { ...joined, links, dials };
}

function hangUp(transport: SharedTransport, links: Set<PeerId>, peer: PeerId): void {
  links.delete(peer);
  transport.hangUp(peer);
}

function surpriseOf(event: TransportEvent, links: ReadonlySet<PeerId>): string | undefined {
  switch (event.type) {
    case 'link-up':
      return links.has(event.peer) ? 'a second link to one peer' : undefined;
    case 'link-down':
      return links.has(event.peer) ? undefined : 'the end of no link';
    case 'overlay-message':
      return links.has(event.from) ? undefined : 'a message over no link';
    case 'dial-failed':
      return undefined;
    default:
      return `${event.type}, out of the blue`;
  }
}

/** Whether each link is known to both its ends. */
function areOfOneMind(callers: readonly Caller[]): boolean {
  return callers.every((one) =>
    callers.every((other) => one.links.has(other.peer) === other.links.has(one.peer)),
  );
}

async function expectAllHear(
  world: TransportWorld,
  callers: readonly Caller[],
  id: number,
): Promise<void> {
  const hear = (one: Caller, from: PeerId): boolean =>
    one.events.some(
      (event) =>
        event.type === 'overlay-message' &&
        event.from === from &&
        event.message.type === 'ping' &&
        event.message.id === id,
    );
  for (const { transport, links } of callers) {
    for (const peer of links) transport.sendOverlay(peer, { type: 'ping', id });
  }
  await world.until(() => callers.every((one) => [...one.links].every((peer) => hear(one, peer))));
}

function never(): never {
  throw new Error('no such peer');
}
