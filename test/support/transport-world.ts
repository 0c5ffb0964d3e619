/**
 * Peers with transports between them, real or simulated, as the tests of what both promise see
 * them. Only events tell how things went, and only waiting for them lets time pass.
 */

import type { PeerId } from '../../src/model/ids.ts';
import type { OverlayMessage } from '../../src/model/messages.ts';
import type { Transport, TransportEvent } from '../../src/ports.ts';

/** What both kinds have; but for `listen`, which the world has called. */
export type SharedTransport = Omit<
  Transport,
  'listen' | 'fetchBlob' | 'signEvidence' | 'signResults' | 'stats'
>;

export type WorldPeer = {
  readonly peer: PeerId;
  /** "host:port". */
  readonly address: string;
  readonly transport: SharedTransport;
  /** All that it was told so far. */
  readonly events: readonly TransportEvent[];
};

/** A peer whose process can be killed. */
export type MortalPeer = Pick<WorldPeer, 'peer' | 'address'> & { kill(): void };

type OnEvent = (event: TransportEvent, transport: SharedTransport) => void;

export type TransportWorld = {
  /** How often to try what depends on the moment; a simulated world is cheaper. */
  readonly rounds: number;
  /** @param onEvent called for each event as it comes, after it was noted */
  join(onEvent?: OnEvent): Promise<WorldPeer>;
  /** One that dials another, and volunteers for it. */
  joinMortal(other: WorldPeer): Promise<MortalPeer>;
  /** Lets time pass until something is so, which an event of some peer has to make so. */
  until(isSo: () => boolean): Promise<void>;
};

export type EventOf<Type extends TransportEvent['type']> = Extract<TransportEvent, { type: Type }>;

export function isOf<Type extends TransportEvent['type']>(
  event: TransportEvent,
  type: Type,
): event is EventOf<Type> {
  return event.type === type;
}

export function eventsOf<Type extends TransportEvent['type']>(
  { events }: Pick<WorldPeer, 'events'>,
  type: Type,
): readonly EventOf<Type>[] {
  return events.filter((event) => isOf(event, type));
}

export function typesOf({ events }: Pick<WorldPeer, 'events'>): readonly string[] {
  return events.map(({ type }) => type);
}

export function isTold(
  peer: Pick<WorldPeer, 'events'>,
  type: TransportEvent['type'],
  count = 1,
): boolean {
  return eventsOf(peer, type).length >= count;
}

/** What came over its links. */
export function overlayMessagesTo(peer: Pick<WorldPeer, 'events'>): readonly OverlayMessage[] {
  return eventsOf(peer, 'overlay-message').map(({ message }) => message);
}
