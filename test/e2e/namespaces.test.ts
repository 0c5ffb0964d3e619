/**
 * Peers on hosts of their own, 50 ms apart, on links that lose one packet in a hundred: what a grid
 * over the world is like. Their network is cut in two and joined again. Jobs that need a voice of
 * everybody show who can work with whom.
 */

import { expect, test } from 'vitest';

import { type PeerProcess, startPeer } from '../support/grid-process.ts';
import { type Host, startHosts } from '../support/network-namespaces.ts';
import { idsOf, islandsOf, offersAt } from '../support/overlay-view.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { mustRun } from '../support/tools.ts';

/** Until peers that can't be reached are no neighbours: some 16 s, and time for slowness. */
const partMsMax = 45_000;
/** Until what is offered on one side is known on the other: each address is tried once a minute. */
const healMsMax = 75_000;
const count = 20;

test('five hosts that are cut apart go on in two grids, and in one again', async (ctx) => {
  const { sides, cut, heal } = await startHosts(ctx, [3, 2], { delayMs: 25, lossPercent: 1 });
  const [left = [], right = []] = await startGrids(sides);
  const all = [...left, ...right];
  await expect.poll(() => islandsOf(all)).toEqual([idsOf(all)]);
  const [[host], [ada], [dan]] = [sides[0], left, right];
  if (!host || !ada || !dan) throw new Error('there are three hosts and two');
  expect(roundTripMs(host, dan)).toBeGreaterThanOrEqual(50);
  await expectWorkOf(all, dan);

  cut();
  await expect
    .poll(() => islandsOf(all), { timeout: partMsMax })
    .toEqual([idsOf(left), idsOf(right)]);
  await Promise.all([expectWorkOf(left, ada), expectWorkOf(right, dan)]);
  const waiting = await submitSquares(dan, { count, quorum: all.length });
  await expect.poll(() => offersAt(right)).toEqual([1, 1]);
  expect(await offersAt(left)).toEqual([0, 0, 0]);

  heal();
  await expect.poll(() => offersAt(left), { timeout: healMsMax }).toEqual([1, 1, 1]);
  await squaresDone(dan, waiting, count);
  await expect.poll(() => islandsOf(all)).toEqual([idsOf(all)]);
  await expectWorkOf(all, ada);
}, 200_000);

/** The first of all is the one that the others join through. */
async function startGrids(sides: readonly (readonly Host[])[]): Promise<PeerProcess[][]> {
  const [entrance, ...others] = sides.flat();
  if (entrance === undefined) throw new Error('there are hosts');
  const first = await startOn(entrance);
  const rest = await Promise.all(others.map((host) => startOn(host, first)));
  const all = [first, ...rest];
  return sides.map(({ length }) => all.splice(0, length));
}

async function startOn({ address, wrapper }: Host, first?: PeerProcess): Promise<PeerProcess> {
  const through = first === undefined ? [] : [first];
  return startPeer({ wrapper, through, args: ['--listen', `${address}:7420`] });
}

/** A job of one of them needs them all, and all hear when it is over. */
async function expectWorkOf(peers: readonly PeerProcess[], requester: PeerProcess): Promise<void> {
  const jobId = await submitSquares(requester, { count, quorum: peers.length });
  const { contributions } = await squaresDone(requester, jobId, count);
  expect(new Set(contributions.map(({ peerId }) => peerId))).toEqual(new Set(idsOf(peers)));
  await expect.poll(() => offersAt(peers)).toEqual(peers.map(() => 0));
}

/** As long as it takes to connect. */
function roundTripMs({ wrapper }: Host, { address }: PeerProcess): number {
  const [command = '', ...words] = wrapper;
  const program = `
    const [host, port] = process.argv.slice(1);
    const beforeMs = performance.now();
    const socket = require('node:net').connect(port, host, () => {
      console.log(performance.now() - beforeMs);
      socket.destroy();
    });`;
  const node = [process.execPath, '-e', program, ...address.split(':')];
  return Number(mustRun(command, [...words, ...node]));
}
