/**
 * A transport in a process of its own, so that it can be killed. Usage: transport-process.ts PEER
 * ADDRESS. It says its own id and address, dials the other peer, and volunteers for it.
 */

import { peerId } from '../../src/model/ids.ts';
import { loadGrid } from '../../src/transport/grid.ts';
import { temporaryIdentity } from '../../src/transport/identity.ts';
import { createPeerTransport } from '../../src/transport/peer-transport.ts';

const [peer = '', address = ''] = process.argv.slice(2);
const ignore = (): void => undefined;
const identity = temporaryIdentity();
const transport = await createPeerTransport(
  { listen: '127.0.0.1:0', advertise: [] },
  {
    identity,
    grid: await loadGrid(undefined),
    log: { debug: ignore, info: ignore, warn: ignore },
    blobs: () => Promise.resolve(undefined),
    clock: { nowMs: () => performance.now(), unixMs: () => Date.now() },
  },
);
const [own = ''] = await transport.listen(ignore);
process.stdout.write(`${identity.peer} ${own}\n`);
transport.dial(address, peerId(peer));
transport.openWork(peerId(peer), [address]);
