/**
 * A grid falls into halves for some minutes, and is healed: no link across is left, each half has
 * become whole, and nothing tells anybody that there are others. They find each other again by
 * links that peers exchange now and then (`protocol/overlay/recruiter.ts`), and the first link
 * across brings what the other half has missed.
 *
 * Both halves publish while they are apart. The offers are refreshed as a requester does it,
 * every 20 s, during the cut and after it. That all know them means the last ones of all six, which
 * have to come across new links, by themselves or with the next refresh.
 *
 * Modelled: a cut both ways or one way, latencies that differ from pair to pair. Not modelled:
 * peers that come or go meanwhile, and entrances that both halves know to be reachable: peers know
 * the addresses of three others, as everywhere, and half of those are on the other side.
 */

import { OfferWatch, type Publication } from '../offer-watch.ts';
import type { SimulatedPeer } from '../simulated-peer.ts';
import { Simulator } from '../simulator.ts';
import { growGrid, oneOf } from './grown-grid.ts';

export type PartitionOptions = {
  readonly seed: number;
  readonly peers: number;
  readonly ways: 'both-ways' | 'one-way';
  readonly cutMs: number;
};

export type PartitionFigures = {
  readonly peers: number;
  /** Links across when the cut is healed. */
  readonly linksAtHealing: number;
  /** From the healing until the first link across, and until all peers are one overlay again. */
  readonly firstLinkMs: number;
  readonly oneOverlayMs: number;
  /** From the healing until every peer knows the live offers of both halves. */
  readonly allKnownMs: number;
  /** A minute after that; in a random overlay half of all links are. */
  readonly acrossShare: number;
};

const NETWORK = { spread: 0.5 };
const GROW_MS_EACH = 50;
const SETTLE_MS = 60_000;
const REFRESH_EVERY_MS = 20_000;
/** Offers of each half. */
const OFFERS = 3;
/** Of virtual time; a figure is Infinity if it took longer. */
const PATIENCE_MS = 900_000;
const LOOK_EVERY_MS = 250;
const LATER_MS = 60_000;

type Halves = readonly [readonly SimulatedPeer[], readonly SimulatedPeer[]];

export function partition({ seed, peers, ways, cutMs }: PartitionOptions): PartitionFigures {
  const simulator = new Simulator({ seed, network: NETWORK });
  const growMs = peers * GROW_MS_EACH;
  const grid = growGrid(simulator, { peers, growMs, settleMs: SETTLE_MS });
  const middle = grid.length >> 1;
  const halves: Halves = [grid.slice(0, middle), grid.slice(middle)];
  const refresh = offering(simulator, halves);
  simulator.partition(...halves, ways);
  for (let leftMs = cutMs; leftMs > 0; leftMs -= REFRESH_EVERY_MS) {
    refresh();
    simulator.runFor(Math.min(leftMs, REFRESH_EVERY_MS));
  }
  const linksAtHealing = linksAcross(halves);
  let newest = refresh();
  simulator.heal();
  const healedAtMs = simulator.nowMs;
  let refreshAtMs = healedAtMs + REFRESH_EVERY_MS;
  const took = (isSo: () => boolean): number => {
    while (!isSo() && !simulator.runUntil(isSo, refreshAtMs - simulator.nowMs, LOOK_EVERY_MS)) {
      if (simulator.nowMs - healedAtMs > PATIENCE_MS) return Infinity;
      newest = refresh();
      refreshAtMs += REFRESH_EVERY_MS;
    }
    return simulator.nowMs - healedAtMs;
  };
  const firstLinkMs = took(() => linksAcross(halves) > 0);
  const allKnownMs = took(() => newest.every(({ heardAtMs }) => heardAtMs.size === grid.length));
  const oneOverlayMs = took(() => islandOf(grid).size === grid.length);
  simulator.runFor(LATER_MS);
  const links = grid.reduce((sum, { peer }) => sum + peer.neighbours.size, 0) / 2;
  return {
    peers,
    linksAtHealing,
    firstLinkMs,
    oneOverlayMs,
    allKnownMs,
    acrossShare: linksAcross(halves) / links,
  };
}

/** @returns what offers all jobs of both halves anew, and tells those offers */
function offering(simulator: Simulator, halves: Halves): () => readonly Publication[] {
  const watch = new OfferWatch(simulator);
  simulator.observer = (peer, event, effects) => watch.observe(peer, event, effects);
  const owners = halves.flatMap((half) =>
    Array.from({ length: OFFERS }, () => oneOf(simulator, half)),
  );
  const jobs = owners.map((by) => ({ by, job: watch.publish(by) }));
  let sequence = 1;
  return () => {
    sequence += 1;
    for (const { by, job } of jobs) watch.publish(by, job, sequence);
    return watch.publications.slice(-jobs.length);
  };
}

function linksAcross([here, there]: Halves): number {
  const others = new Set(there.map(({ self }) => self));
  let links = 0;
  for (const { peer } of here) {
    for (const neighbour of peer.neighbours.keys()) if (others.has(neighbour)) links += 1;
  }
  return links;
}

/** All that the first peer reaches over neighbours. */
function islandOf(grid: readonly SimulatedPeer[]): ReadonlySet<SimulatedPeer> {
  const byId = new Map(grid.map((peer) => [peer.self, peer]));
  const [first] = grid;
  const island = new Set(first === undefined ? [] : [first]);
  for (const { peer } of island) {
    for (const id of peer.neighbours.keys()) {
      const neighbour = byId.get(id);
      if (neighbour !== undefined) island.add(neighbour);
    }
  }
  return island;
}
