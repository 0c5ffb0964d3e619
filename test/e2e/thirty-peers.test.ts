/**
 * Thirty peers on one machine, each a process of its own, that all joined through the same one.
 * Most of them only relay, which needs no compute threads: what is asked is whether offers reach
 * everybody, with and without the peer that brought them together.
 */

import { expect, test } from 'vitest';

import {
  haveReturned,
  type PeerProcess,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { idsOf, islandsOf, offersAt } from '../support/overlay-view.ts';
import { childrenOf, isRunning } from '../support/processes.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

const relayCount = 27;
const count = 40;
/** Each look asks all of them, which on a small machine holds up what is looked at. */
const seldom = { interval: 500 };

test('thirty peers outlive the one that they all joined through', async () => {
  const entrance = await startPeer({ slots: 0 });
  const joining = { through: [entrance] };
  const volunteers = await startPeers(2, { ...joining, slots: 1 });
  const relays = await startPeers(relayCount, { ...joining, slots: 0 });
  const others = [...volunteers, ...relays];
  const all = [entrance, ...others];
  await expect.poll(() => islandsOf(all), seldom).toEqual([idsOf(all)]);
  const [worker, helper] = volunteers;
  const [early, last] = [relays[0], relays.at(-1)];
  if (!worker || !helper || !early || !last) throw new Error('there are volunteers and relays');

  // Who computes nothing keeps jobs from ending before all has happened that they are to outlive.
  const [running, late] = await withoutWorkOf([helper], async () => {
    const first = await submitSquares(last, { count, work: 100_000, quorum: 2 });
    await expect.poll(() => offersAt(all), seldom).toEqual(all.map(() => 1));
    await haveReturned([worker], last, first);
    entrance.process.kill('SIGKILL');
    await expect.poll(() => islandsOf(others), seldom).toEqual([idsOf(others)]);
    const second = await submitSquares(early, { count, quorum: 2 });
    await expect.poll(() => offersAt(others), seldom).toEqual(others.map(() => 2));
    return [first, second];
  });
  await Promise.all([squaresDone(last, running, count), squaresDone(early, late, count)]);
  await expect.poll(() => offersAt(others), seldom).toEqual(others.map(() => 0));
  const pids = others.flatMap(({ process: { pid = 0 } }) => [pid, ...childrenOf(pid)]);
  expect(pids.length).toBeGreaterThan(others.length);
  await Promise.all(others.map((peer) => peer.end()));
  await expect.poll(() => pids.filter((pid) => isRunning(pid))).toEqual([]);
}, 400_000);

type PeerOptions = NonNullable<Parameters<typeof startPeer>[0]>;

/** Two at a time: more would only wait for the processor. */
async function startPeers(wanted: number, options: PeerOptions): Promise<readonly PeerProcess[]> {
  const peers: PeerProcess[] = [];
  let missing = wanted;
  const start = async (): Promise<void> => {
    while (missing-- > 0) peers.push(await startPeer(options));
  };
  await Promise.all([start(), start()]);
  return peers;
}
