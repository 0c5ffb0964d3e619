/**
 * A world of the simulator's transports, in a network where latencies differ and packets get lost,
 * so that what two peers do at the same moment comes to pass in any order.
 */

import type { PeerId } from '../../src/model/ids.ts';
import type { TransportEvent } from '../../src/ports.ts';
import { createRandom } from '../../src/protocol/random.ts';
import { peerNamed } from './protocol-fixtures.ts';
import { Host } from './simulator/host.ts';
import { calmNetwork, Network } from './simulator/network.ts';
import { Signer } from './simulator/signer.ts';
import { Timeline } from './simulator/timeline.ts';
import { WholeHost } from './simulator/whole-host.ts';
import type { TransportWorld, WorldPeer } from './transport-world.ts';

/** Much longer than anything takes: what is not so by then will not become so. */
const WAIT_MS_MAX = 120_000;

export function simulatedTransports(seed: number): TransportWorld {
  const timeline = new Timeline();
  const random = createRandom(seed);
  const rugged = { ...calmNetwork, spread: 0.5, jitter: 2, lossRate: 0.1 };
  const network = new Network(timeline, random, rugged);

  const signers = new Map<PeerId, Signer>();

  /** In no order, because of two peers the smaller id decides. */
  function newId(): PeerId {
    const letters = Array.from({ length: 12 }, () => 'abcdefgh'[Math.floor(random.next() * 8)]);
    return peerNamed(letters.join(''));
  }

  const join: TransportWorld['join'] = async (onEvent) => {
    const signer = new Signer(1 + Math.floor(random.next() * 2 ** 32));
    signers.set(signer.peer, signer);
    const transport = new WholeHost(network, {
      signer,
      place: network.place(),
      signerOf: (peer) => signers.get(peer),
      blobs: async () => undefined,
      onSent: () => undefined,
    });
    const events: TransportEvent[] = [];
    await transport.listen((event) => {
      events.push(event);
      onEvent?.(event, transport);
    });
    return { peer: transport.self, address: transport.address, transport, events };
  };

  async function joinMortal({ peer, address }: WorldPeer) {
    const host = new Host(network, newId(), network.place());
    await host.listen(() => undefined);
    host.dial(address, peer);
    host.openWork(peer, [address]);
    return { peer: host.self, address: host.address, kill: () => host.crash('killed') };
  }

  const until: TransportWorld['until'] = async (isSo) => {
    if (timeline.runUntil(isSo, WAIT_MS_MAX)) return;
    throw new Error(`seed ${seed}: after ${WAIT_MS_MAX} ms it is still not so: ${String(isSo)}`);
  };

  return { rounds: 100, join, joinMortal, until };
}
