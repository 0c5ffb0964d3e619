/**
 * A peer with all that `runtime/create-node.ts` puts together, but for what only serves its owner:
 * the real driver, journal and jobs over fakes at the ports. Its disk outlives its processes, and
 * loses what was not synced when the power fails.
 *
 * Other simulated peers (`simulated-peer.ts`) are machines under a driver that keeps nothing, and
 * cost a tenth of this.
 */

import { GridError } from '../../../src/model/errors.ts';
import type { Digest } from '../../../src/model/ids.ts';
import type { RequesterMessage, VolunteerMessage } from '../../../src/model/messages.ts';
import type { PeerId } from '../../../src/model/ids.ts';
import type { Clock, Sandbox, Timers } from '../../../src/ports.ts';
import type { Effect, PeerEvent } from '../../../src/protocol/events.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import { Driver } from '../../../src/runtime/driver.ts';
import { JobBook } from '../../../src/runtime/job-book.ts';
import type { Logger } from '../../../src/runtime/log.ts';
import { ProgramFetch } from '../../../src/runtime/program-fetch.ts';
import { unsentLeft } from '../../../src/runtime/unsent-keeper.ts';
import { FragileDisk } from '../fragile-disk.ts';
import { FragileStore } from '../fragile-store.ts';
import { memoryCache } from '../memory-cache.ts';
import { givenLimits } from '../protocol-fixtures.ts';
import type { DriftingClock } from './drifting-clock.ts';
import type { Place } from './place.ts';
import type { Signer } from './signer.ts';
import type { Simulator } from './simulator.ts';
import { WholeHost } from './whole-host.ts';

/** No timer is shorter. */
const TIMER_MS_MIN = 0.1;

export type WholePeerOptions = {
  readonly signer: Signer;
  readonly place: Place;
  readonly clock: DriftingClock;
  /** Addresses to join through, at every start. */
  readonly entrances: readonly string[];
  readonly slots: number;
  readonly sandbox: (after: (ms: number, run: () => void) => void) => Sandbox;
  /** What the disk takes for the next sync. */
  readonly syncMs: () => number;
  /** Whether that sync fails; asked of processes that have come up. */
  readonly isSyncFailing: () => boolean;
  readonly signerOf: (peer: PeerId) => Signer | undefined;
  readonly log: Logger;
};

/** What is looked at from outside. */
export type Onlooker = {
  /** It begins with what its disk has, and has not heard of anybody yet. */
  started(peer: WholePeer): void;
  /** Before the effects are carried out. */
  handled(peer: WholePeer, event: PeerEvent, effects: readonly Effect[]): void;
  /** It goes over a stream if there is one. */
  sent(peer: WholePeer, message: RequesterMessage | VolunteerMessage, to: PeerId): void;
};

type Running = {
  readonly host: WholeHost;
  readonly store: FragileStore;
  readonly machine: Peer;
  readonly jobs: JobBook;
};

export class WholePeer {
  readonly options: WholePeerOptions;
  readonly disk = new FragileDisk();
  readonly #simulator: Simulator;
  readonly #onlookers: readonly Onlooker[];
  readonly #cache = memoryCache();
  /** Why it could not start, which is a bug. */
  trouble: unknown;
  #running: Running | undefined;
  /** That of the last process that came so far. */
  #reachable: WholeHost | undefined;

  constructor(simulator: Simulator, options: WholePeerOptions, onlookers: readonly Onlooker[]) {
    this.#simulator = simulator;
    this.options = options;
    this.#onlookers = onlookers;
  }

  get self(): PeerId {
    return this.options.signer.peer;
  }

  get isUp(): boolean {
    return this.#running?.host.state === 'up';
  }

  /** What its present process has, or the last one had. */
  get running(): Running {
    if (this.#running === undefined) throw new Error('it has not been started yet');
    return this.#running;
  }

  /** Others can reach it once it has read what its disk has. */
  start(): void {
    const { network } = this.#simulator;
    const { signer, place, signerOf } = this.options;
    const host = new WholeHost(network, {
      signer,
      place,
      signerOf,
      blobs: async (blob) => this.#offered(blob),
      onSent: (message, to) => {
        for (const onlooker of this.#onlookers) onlooker.sent(this, message, to);
      },
    });
    const { driver, ...parts } = this.#compose(host);
    this.#running = { host, ...parts };
    for (const onlooker of this.#onlookers) onlooker.started(this);
    this.#begin(host, parts.jobs, driver).catch((error: unknown) => {
      this.trouble = error;
    });
  }

  async #begin(host: WholeHost, jobs: JobBook, driver: Driver): Promise<void> {
    await jobs.readLeft();
    // It may have lost its power meanwhile.
    if (host.state !== 'up') return;
    await host.listen((event) => driver.receive(event));
    this.#reachable = host;
    driver.dispatch({ type: 'tick' });
    jobs.resumeLeft();
  }

  /** @param unsyncedLeft of what it has not synced, how many writes have reached the disk */
  losePower(unsyncedLeft: number): void {
    this.running.host.crash('silent');
    this.disk.losePower(unsyncedLeft);
  }

  /** As `start` of `create-node.ts` does it. */
  #compose(host: WholeHost): Omit<Running, 'host'> & { readonly driver: Driver } {
    const { entrances, place, slots, log, sandbox: makeSandbox } = this.options;
    const { self } = this;
    const after = (ms: number, run: () => void): void =>
      this.#simulator.timeline.after(ms, () => host.whenAwake(run));
    const spin = (): Promise<void> => this.#spin(host, after);
    const store = new FragileStore(this.disk, () => host.state === 'up', spin);
    const sandbox = makeSandbox(after);
    const clock = this.#clock();
    const machine = new Peer({
      self,
      addresses: () => [place.address],
      entrances,
      known: store.listPeers(),
      unsent: unsentLeft(store, clock.unixMs()),
      standings: store.listStandings(),
      features: slots > 0 ? ['computes'] : [],
      slots,
      limits: givenLimits,
      seed: Math.floor(this.#simulator.random.next() * 2 ** 32),
    });
    const dispatch = (event: PeerEvent): void => driver.dispatch(event);
    const jobs = new JobBook({ self, peer: machine, sandbox, store, clock, dispatch });
    const common = { self, transport: host, sandbox, store };
    const driver = new Driver({
      ...common,
      peer: this.#watched(machine, host),
      programs: new ProgramFetch({ ...common, cache: this.#cache }),
      accuser: { accuse: async () => undefined },
      evidenceCheck: { check: async () => undefined },
      clock,
      timers: timersOf(after),
      log,
      entrances,
      ownJob: (job) => jobs.ownJob(job),
      onCompute: () => undefined,
      onDrained: () => undefined,
    });
    return { store, machine, jobs, driver };
  }

  /** What was to be synced is lost with the power as long as no other sync goes well. */
  #spin(host: WholeHost, after: (ms: number, run: () => void) => void): Promise<void> {
    const { syncMs, isSyncFailing } = this.options;
    return new Promise((resolve, reject) => {
      after(syncMs(), () => {
        if (host === this.#reachable && isSyncFailing())
          reject(new GridError('store-failed', 'A sync has failed.'));
        else resolve();
      });
    });
  }

  #clock(): Clock {
    const { timeline } = this.#simulator;
    const { clock } = this.options;
    return {
      nowMs: () => clock.now(timeline.nowMs).ms,
      unixMs: () => clock.now(timeline.nowMs).unixMs,
    };
  }

  #watched(machine: Peer, host: WholeHost): Pick<Peer, 'handle' | 'neighbours' | 'ownJob'> {
    const { trace, timeline } = this.#simulator;
    return {
      get neighbours() {
        return machine.neighbours;
      },
      ownJob: (job) => machine.ownJob(job),
      handle: (event, now) => {
        // What a process had begun when it lost its power does not come to its end.
        if (host.state !== 'up') return [];
        const effects = machine.handle(event, now);
        trace.add(timeline.nowMs, this.options.place.number, event, effects.length);
        for (const onlooker of this.#onlookers) onlooker.handled(this, event, effects);
        return effects;
      },
    };
  }

  async #offered(blob: Digest): Promise<Uint8Array | undefined> {
    const { jobs, store } = this.running;
    return jobs.isOffered(blob) ? store.getBlob(blob) : undefined;
  }
}

function timersOf(after: (ms: number, run: () => void) => void): Timers {
  return {
    after: (ms, run) => {
      let isOff = false;
      after(Math.max(ms, TIMER_MS_MIN), () => {
        if (!isOff) run();
      });
      return () => {
        isOff = true;
      };
    },
  };
}
