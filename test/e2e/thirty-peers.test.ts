/**
 * Thirty peers on one machine, each a process of its own, that all joined through the same one.
 * Most of them only relay, which needs no compute threads: what is asked is whether offers reach
 * everybody, with and without the peer that brought them together.
 */

import { expect, test } from 'vitest';

import { jobState, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { idsOf, islandsOf, offersAt } from '../support/overlay-view.ts';
import { childrenOf, isRunning } from '../support/processes.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';

const relayCount = 27;
const count = 40;

test('thirty peers outlive the one that they all joined through', async () => {
  const entrance = await startPeer({ slots: 0 });
  const joining = { through: [entrance] };
  const volunteers = await startPeers(2, { ...joining, slots: 1 });
  const relays = await startPeers(relayCount, { ...joining, slots: 0 });
  const others = [...volunteers, ...relays];
  const all = [entrance, ...others];
  await expect.poll(() => islandsOf(all)).toEqual([idsOf(all)]);
  const [early, last] = [relays[0], relays.at(-1)];
  if (!early || !last) throw new Error('there are relays');

  const running = await submitSquares(last, { count, work: 5_000_000 });
  await expect.poll(() => offersAt(all)).toEqual(all.map(() => 1));
  await jobState(last.control, running, ({ accepted }) => accepted > 0);
  // Else it could be over before all has happened that it is to outlive.
  await Promise.all(volunteers.map(({ control }) => control.pause({ durationMs: 0 })));
  entrance.process.kill('SIGKILL');
  await expect.poll(() => islandsOf(others)).toEqual([idsOf(others)]);
  const late = await submitSquares(early, { count });
  await expect.poll(() => offersAt(others)).toEqual(others.map(() => 2));

  await Promise.all(volunteers.map(({ control }) => control.resume()));
  await Promise.all([squaresDone(last, running, count), squaresDone(early, late, count)]);
  await expect.poll(() => offersAt(others)).toEqual(others.map(() => 0));
  const pids = others.flatMap(({ process: { pid = 0 } }) => [pid, ...childrenOf(pid)]);
  expect(pids.length).toBeGreaterThan(others.length);
  await Promise.all(others.map((peer) => peer.end()));
  await expect.poll(() => pids.filter((pid) => isRunning(pid))).toEqual([]);
}, 180_000);

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
