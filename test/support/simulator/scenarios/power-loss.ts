/**
 * Five peers compute a job of one of them, and lose their power all the time, the requester as
 * often as the others: of what was not synced a part is gone, or all. Some lose it again as soon as
 * they are back. Then there is power for good, and the job has to end, right; and once more the
 * requester loses its power, soon after the end. What was promised meanwhile is looked at by
 * `promise-watch.ts` and `unsent-watch.ts`.
 *
 * Modelled: everything between the machine and its ports as it is (`whole-peer.ts`), disks that
 * take long to sync, or fail to, peers that are away for a while, one that lies now and then. Not
 * modelled: disks that reorder what they write, accusations, and files that are not there whole.
 */

import type { JobId, PeerId } from '../../../../src/model/ids.ts';
import type { Trust } from '../../../../src/model/job.ts';
import type { Random } from '../../../../src/protocol/random.ts';
import { chunkLimitsOf } from '../../protocol-fixtures.ts';
import { recordingLog } from '../../silent-log.ts';
import { DriftingClock, usualClocks } from '../drifting-clock.ts';
import { hold } from '../hold.ts';
import { PromiseWatch } from '../promise-watch.ts';
import { Signer } from '../signer.ts';
import { Simulator } from '../simulator.ts';
import { squaringThreads } from '../squaring-threads.ts';
import { UnsentWatch } from '../unsent-watch.ts';
import { WholePeer } from '../whole-peer.ts';

export type PowerLossOptions = { readonly seed: number; readonly trust: Trust };

export type PowerLossFigures = {
  readonly chunks: number;
  /** Times that somebody lost power. */
  readonly losses: number;
  /** Times that it was the requester. */
  readonly requesterLosses: number;
  /** Syncs that failed. */
  readonly syncsFailed: number;
  /** Writes that were lost with it. */
  readonly writesLost: number;
  readonly leases: number;
  readonly spotChecks: number;
  /** Results that their volunteers were told of. */
  readonly told: number;
  /** Results that volunteers have found on their disks when they started again. */
  readonly found: number;
  readonly caught: number;
  /** From peace to the job's end. */
  readonly peaceMs: number;
};

const PEERS = 5;
const LOSS_MS_MIN = 500;
const LOSS_MS_MAX = 2_000;
const AWAY_MS_MIN = 50;
const AWAY_MS_MAX = 10_000;
/** Share of the starts that come to nothing. */
const AGAIN_SHARE = 0.25;
const AGAIN_MS_MIN = 1;
const AGAIN_MS_MAX = 500;
const TROUBLE_MS_MIN = 5_000;
const TROUBLE_MS_MAX = 30_000;
const LIE_SHARE = 0.1;
/** Of the syncs, while there is trouble. */
const SYNC_FAILS_SHARE = 0.1;
/** All of virtual time. Usually some seconds. */
const PEACE_MS_MAX = 180_000;
const SUBMIT_MS_MAX = 10_000;
/** A volunteer that was away tries its requester again after five minutes at the latest. */
const DELIVERED_MS_MAX = 400_000;
/** A job that has ended may not be written down as such yet. */
const AFTER_END_MS_MAX = 200;
const LOOK_EVERY_MS = 50;

const signers: readonly Signer[] = Array.from(
  { length: PEERS },
  (_, index) => new Signer(index + 1),
);

/** @throws {Error} that says what does not hold, and what happened last */
export async function powerLoss({ seed, trust }: PowerLossOptions): Promise<PowerLossFigures> {
  const run = new PowerLossRun(seed, trust);
  try {
    return await run.figures();
  } catch (error) {
    if (error instanceof Error) error.message += `\n${run.simulator.describe()}`;
    throw error;
  }
}

type Act = { readonly atMs: number; readonly act: () => void };

class PowerLossRun {
  readonly simulator: Simulator;
  readonly #trust: Trust;
  readonly #random: Random;
  readonly #promises: PromiseWatch;
  readonly #unsent = new UnsentWatch();
  readonly #log = recordingLog('error');
  readonly #peers: readonly WholePeer[];
  readonly #requester: WholePeer;
  readonly #chunks: number;
  readonly #chunkMs: number;
  /** What is to come. */
  readonly #acts = new Set<Act>();
  #isTrouble = false;
  #isPeace = false;
  #losses = 0;
  #syncsFailed = 0;
  #requesterLosses = 0;
  #writesLost = 0;

  constructor(seed: number, trust: Trust) {
    const medianMs = between(new Simulator({ seed }).random, 1, 50);
    this.simulator = new Simulator({ seed, network: { medianMs, spread: 0.3, jitter: 0.2 } });
    this.#random = this.simulator.random;
    this.#trust = trust;
    this.#chunks = Math.round(between(this.#random, 30, 200));
    this.#chunkMs = between(this.#random, 20, 500);
    const [first] = signers;
    if (first === undefined) throw new Error('nobody is there');
    this.#promises = new PromiseWatch(first.peer);
    const [requester, ...others] = this.#crowd();
    if (requester === undefined) throw new Error('nobody is there');
    this.#requester = requester;
    this.#peers = [requester, ...others];
  }

  async figures(): Promise<PowerLossFigures> {
    for (const peer of this.#peers) peer.start();
    await this.#pass(1_000);
    const job = await this.#submit();
    this.#isTrouble = true;
    await this.#trouble();
    this.#isTrouble = false;
    this.#isPeace = true;
    const peaceMs = await this.#until(() => this.#hasEnded(job), PEACE_MS_MAX);
    await this.#checkResult(job);
    await this.#loseTheEnd(job);
    await this.#until(() => this.#unsent.owed === 0, DELIVERED_MS_MAX);
    const { leases, spotChecks, told } = this.#promises;
    return {
      chunks: this.#chunks,
      losses: this.#losses,
      syncsFailed: this.#syncsFailed,
      requesterLosses: this.#requesterLosses,
      writesLost: this.#writesLost,
      leases,
      spotChecks,
      told,
      found: this.#unsent.found,
      caught: this.#requester.running.store.getJob(job)?.report?.caught.length ?? 0,
      peaceMs,
    };
  }

  /** The first is the requester, the last one may lie. */
  #crowd(): readonly WholePeer[] {
    const { network } = this.simulator;
    const homes = signers.map((signer) => ({ signer, place: network.place() }));
    const liar = this.#random.next() < 0.5 ? homes.at(-1) : undefined;
    return homes.map((home, at) => {
      const others = homes.filter((other) => other !== home);
      const slots = at === 0 && this.#random.next() < 0.5 ? 0 : 1;
      const medianSyncMs = between(this.#random, 0.2, 100);
      const options = {
        ...home,
        clock: new DriftingClock(usualClocks, this.#random),
        entrances: others.map(({ place }) => place.address),
        slots,
        sandbox: (after: (ms: number, run: () => void) => void) =>
          squaringThreads({
            count: this.#chunks,
            slots,
            chunkMs: () => this.#chunkMs * (1 + 0.2 * this.#random.next()),
            isLie: () => home === liar && this.#random.next() < LIE_SHARE,
            after,
          }),
        syncMs: () => between(this.#random, medianSyncMs / 3, medianSyncMs * 3),
        isSyncFailing: () => this.#isSyncFailing(),
        signerOf: (peer: PeerId) => signers.find((signer) => signer.peer === peer),
        log: this.#log.log,
      };
      return new WholePeer(this.simulator, options, [this.#promises, this.#unsent]);
    });
  }

  /** Once at least. */
  #isSyncFailing(): boolean {
    if (!this.#isTrouble) return false;
    const isFailing = this.#syncsFailed === 0 || this.#random.next() < SYNC_FAILS_SHARE;
    if (isFailing) this.#syncsFailed += 1;
    return isFailing;
  }

  async #submit(): Promise<JobId> {
    const { jobs, store } = this.#requester.running;
    const script = await store.putBlob(Buffer.from('squares'));
    let job: JobId | undefined;
    const submitted = jobs.submit({
      name: 'squares',
      params: null,
      inputPath: undefined,
      program: { runtime: 'javascript', script },
      trust: this.#trust,
      limits: chunkLimitsOf(),
      chunksMax: this.#chunks,
    });
    void submitted.then((id) => (job = id));
    await this.#until(() => job !== undefined, SUBMIT_MS_MAX);
    this.#promises.watch(await submitted);
    return submitted;
  }

  async #trouble(): Promise<void> {
    const endMs = this.simulator.nowMs + between(this.#random, TROUBLE_MS_MIN, TROUBLE_MS_MAX);
    while (this.simulator.nowMs < endMs) {
      await this.#pass(between(this.#random, LOSS_MS_MIN, LOSS_MS_MAX));
      const up = this.#peers.filter(({ isUp }) => isUp);
      const peer = up[Math.floor(this.#random.next() * up.length)];
      if (peer !== undefined) this.#lose(peer);
    }
  }

  #lose(peer: WholePeer): void {
    const { writes, syncedWrites } = peer.disk;
    peer.losePower(Math.floor(this.#random.next() * (writes - syncedWrites + 1)));
    this.#losses += 1;
    this.#writesLost += writes - peer.disk.writes;
    if (peer === this.#requester) this.#requesterLosses += 1;
    this.#later(between(this.#random, AWAY_MS_MIN, AWAY_MS_MAX), () => this.#start(peer));
  }

  #start(peer: WholePeer): void {
    peer.start();
    if (this.#random.next() >= AGAIN_SHARE) return;
    this.#later(between(this.#random, AGAIN_MS_MIN, AGAIN_MS_MAX), () => {
      if (peer.isUp && !this.#isPeace) this.#lose(peer);
    });
  }

  #hasEnded(job: JobId): boolean {
    if (!this.#requester.isUp) return false;
    const state = this.#requester.running.store.getJob(job)?.state;
    return state !== 'running' && state !== 'merging';
  }

  async #checkResult(job: JobId): Promise<void> {
    const { store } = this.#requester.running;
    const { state, failure = '', output } = store.getJob(job) ?? {};
    hold(state === 'done', `the job is ${state}: ${failure}`);
    const bytes = output === undefined ? undefined : await store.getBlob(output.blob);
    const sum = (this.#chunks * (this.#chunks - 1) * (2 * this.#chunks - 1)) / 6;
    hold(String(bytes) === String(sum), `the result is ${String(bytes)}, and not ${sum}`);
  }

  /** The requester loses its power soon after the end, which is not written down for good then. */
  async #loseTheEnd(job: JobId): Promise<void> {
    await this.#pass(between(this.#random, 1, AFTER_END_MS_MAX));
    this.#lose(this.#requester);
    await this.#until(() => this.#hasEnded(job), PEACE_MS_MAX);
    await this.#checkResult(job);
  }

  #checkPromises(): void {
    const [broken] = [...this.#promises.broken, ...this.#unsent.broken];
    hold(broken === undefined, broken ?? '');
    const trouble = this.#peers.find((peer) => peer.trouble !== undefined)?.trouble;
    hold(trouble === undefined, `a peer could not start: ${String(trouble)}`);
    const [error] = this.#log.lines;
    hold(error === undefined, `a bug was logged: ${error}`);
  }

  #later(ms: number, act: Act['act']): void {
    this.#acts.add({ atMs: this.simulator.nowMs + ms, act });
  }

  /** Time passes, and what is to come meanwhile comes. */
  async #pass(ms: number): Promise<void> {
    const endMs = this.simulator.nowMs + ms;
    for (;;) {
      const [next] = [...this.#acts].sort((one, other) => one.atMs - other.atMs);
      const isDue = next !== undefined && next.atMs <= endMs;
      const untilMs = isDue ? next.atMs : endMs;
      await this.simulator.timeline.settleFor(Math.max(untilMs - this.simulator.nowMs, 0));
      this.#checkPromises();
      if (!isDue) return;
      this.#acts.delete(next);
      next.act();
    }
  }

  /** @returns what it took */
  async #until(isSo: () => boolean, withinMs: number): Promise<number> {
    const startMs = this.simulator.nowMs;
    while (!isSo()) {
      const isTooLong = this.simulator.nowMs >= startMs + withinMs;
      hold(!isTooLong, `after ${withinMs} ms it is still not so: ${String(isSo)}`);
      await this.#pass(LOOK_EVERY_MS);
    }
    return this.simulator.nowMs - startMs;
  }
}

/** As often below the geometric mean as above it. */
function between(random: Random, min: number, max: number): number {
  return min * (max / min) ** random.next();
}
