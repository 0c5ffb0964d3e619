/**
 * Five peers that are killed as by a power switch all the time, the requester included, and started
 * again: the job ends, its result is right, and no chunk that was accepted is computed again.
 * `npm run test:crash` does it for longer; `SEED=1` does it again in the same order.
 */

import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { createRandom } from '../../src/protocol/random.ts';
import { jobState, type PeerProcess } from '../support/grid-process.ts';
import { JournalWatch, type Look } from '../support/journal-watch.ts';
import { spawnPeer } from '../support/peer-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';

const secondsMax = Number(process.env['CRASH_SECONDS'] ?? 15);
const isLong = secondsMax > 60;
const size = 5;
/**
 * So that the killing, and not the job, takes the time: on so many processors it takes 9 s if
 * nobody is killed.
 */
const [count, work] = isLong
  ? [5_000, 250_000]
  : [750 * Math.min(availableParallelism(), size), 300_000];
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));
/** One death in so many is the requester's. */
const REQUESTER_EVERY = 2;
/** It dies first, so often, however fast or slow this machine is. */
const REQUESTER_DEATHS_MIN = 2;
const KILL_MS_MIN = 500;
const KILL_MS_MAX = 2_000;

const nothingAgain = { lost: [], leasedAgain: [] };

class Crowd {
  readonly #peers: PeerProcess[] = [];

  constructor() {
    onTestFinished(async () => {
      await Promise.all(this.#peers.map((peer) => peer.end()));
    });
  }

  static async of(count: number): Promise<Crowd> {
    const crowd = new Crowd();
    for (let at = 0; at < count; at++) await crowd.#start(at, tempDir(), '127.0.0.1:0');
    return crowd;
  }

  at(place: number): PeerProcess {
    const peer = this.#peers[place];
    if (peer === undefined) throw new Error(`there is no peer ${place}`);
    return peer;
  }

  async startAgain(at: number): Promise<void> {
    const { dataPath, address } = this.at(at);
    await this.#start(at, dataPath, address);
  }

  async #start(at: number, dataPath: string, address: string): Promise<void> {
    const others = this.#peers.filter((_, place) => place !== at);
    const entrances = others.flatMap((other) => ['--peer', other.address]);
    const args = ['--listen', address, ...entrances];
    this.#peers[at] = await spawnPeer({ dataPath, slots: 1, args });
  }
}

test(`killed all the time, seed ${seed}`, { timeout: (secondsMax + 300) * 1000 }, async () => {
  const random = createRandom(seed);
  const crowd = await Crowd.of(size);
  const jobId = await submitSquares(crowd.at(0), { count, work, quorum: 2 });
  const journal = new JournalWatch(crowd.at(0).dataPath, jobId);
  await jobState(crowd.at(0).control, jobId, ({ accepted }) => accepted > 0);
  const endAtMs = performance.now() + secondsMax * 1000;
  const looks: Look[] = [];
  const isTime = (): boolean => performance.now() < endAtMs || looks.length < REQUESTER_DEATHS_MIN;
  for (let deaths = 0; isTime(); deaths++) {
    await delay(KILL_MS_MIN + (KILL_MS_MAX - KILL_MS_MIN) * random.next());
    const isRequesters = deaths < REQUESTER_DEATHS_MIN || deaths % REQUESTER_EVERY === 0;
    const at = isRequesters ? 0 : 1 + Math.floor(4 * random.next());
    await crowd.at(at).end();
    if (at === 0) {
      const look = await journal.look();
      if (look.state === 'done') break;
      looks.push(look);
    }
    await crowd.startAgain(at);
  }
  expect(looks.length).toBeGreaterThanOrEqual(REQUESTER_DEATHS_MIN);
  for (const { lost, leasedAgain } of looks) expect({ lost, leasedAgain }).toEqual(nothingAgain);
  if (crowd.at(0).process.signalCode !== null) await crowd.startAgain(0);
  const job = await squaresDone(crowd.at(0), jobId, count);
  const returned = job.contributions.reduce((sum, each) => sum + each.returned, 0);
  // What was running when its peer was killed is computed again, and leases of the tail are twice.
  expect(returned).toBeLessThan(2 * count * 1.2);
});
