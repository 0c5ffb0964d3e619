/** The overlay of a grid of real processes, as its peers tell of it. */

import type { PeerProcess } from './peer-process.ts';

/**
 * The overlay's parts that no neighbours connect; one where it is whole.
 * @param peers all that run; who else is somebody's neighbour is at the end
 * @returns the ids of the peers in each part, in the order of `peers`
 */
export async function islandsOf(
  peers: readonly PeerProcess[],
): Promise<readonly (readonly string[])[]> {
  const neighbours = new Map(
    await Promise.all(peers.map(async (each) => [each.peer, await neighboursOf(each)] as const)),
  );
  const named = new Set([...neighbours.keys(), ...[...neighbours.values()].flat()]);
  const left = new Set(named);
  const islands: string[][] = [];
  for (const first of named) {
    if (!left.delete(first)) continue;
    const island = new Set([first]);
    // It grows while it is walked over.
    for (const peer of island) {
      for (const next of neighbours.get(peer) ?? []) if (left.delete(next)) island.add(next);
    }
    islands.push([...named].filter((peer) => island.has(peer)));
  }
  return islands;
}

export function idsOf(peers: readonly PeerProcess[]): string[] {
  return peers.map(({ peer }) => peer);
}

async function neighboursOf({ control }: PeerProcess): Promise<readonly string[]> {
  const { peers } = await control.listPeers();
  return peers.filter(({ neighbour }) => neighbour).map(({ peerId }) => peerId);
}

/** How many open offers each of them knows. */
export async function offersAt(peers: readonly PeerProcess[]): Promise<readonly number[]> {
  return Promise.all(peers.map(async ({ control }) => (await control.status()).offers));
}
