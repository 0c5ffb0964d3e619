/** One peer with its machine: it crashes and starts again, and its processes come and go. */

import type { JobId, PeerId } from '../../../src/model/ids.ts';
import type { KnownPeer } from '../../../src/model/peer-record.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import { Peer } from '../../../src/protocol/peer.ts';
import type { Random } from '../../../src/protocol/random.ts';
import { givenLimits } from '../protocol-fixtures.ts';
import { UnsentResults } from '../unsent-results.ts';
import type { ComputeConduct } from './compute-conduct.ts';
import type { DriftingClock } from './drifting-clock.ts';
import { Driver } from './driver.ts';
import { Host } from './host.ts';
import { Invariants } from './invariants.ts';
import type { Network } from './network.ts';
import type { Place } from './place.ts';
import type { SimulatedJob } from './simulated-job.ts';
import { SimulatedSandbox } from './simulated-sandbox.ts';

export type SimulatedPeerOptions = {
  readonly place: Place;
  readonly clock: DriftingClock;
  /** Addresses to join through, at every start. */
  readonly entrances: readonly string[];
  readonly conduct: ComputeConduct;
};

/** What all peers of a simulation share. */
export type World = {
  readonly network: Network;
  readonly random: Random;
  readonly jobs: ReadonlyMap<JobId, SimulatedJob>;
  readonly offered: ReadonlySet<string>;
  readonly mayBeFooled: boolean;
  readonly onHandled: (
    peer: SimulatedPeer,
    event: PeerEvent,
    effects: readonly Effect[],
    now: Now,
  ) => void;
};

type Running = { readonly host: Host; readonly peer: Peer; readonly driver: Driver };

export class SimulatedPeer {
  readonly options: SimulatedPeerOptions;
  readonly number: number;
  /** Its own jobs, the lost ones included. */
  readonly jobs: SimulatedJob[] = [];
  /** How often it said that it holds nothing, after `finish`. */
  drained = 0;
  readonly #world: World;
  #running: Running;

  /** Starts at once. */
  constructor(self: PeerId, options: SimulatedPeerOptions, world: World) {
    this.options = options;
    this.number = options.place.number;
    this.#world = world;
    this.#running = this.#start(self, [], new UnsentResults());
  }

  get self(): PeerId {
    return this.#running.host.self;
  }

  get address(): string {
    return this.options.place.address;
  }

  /** The machine that runs now, or ran last. */
  get peer(): Peer {
    return this.#running.peer;
  }

  get host(): Host {
    return this.#running.host;
  }

  get isUp(): boolean {
    return this.#running.host.state === 'up';
  }

  /** On this peer's clock. */
  now(): Now {
    return this.options.clock.now(this.#world.network.timeline.nowMs);
  }

  handle(event: PeerEvent): void {
    this.#running.driver.dispatch(event);
  }

  crash(how: 'killed' | 'power-lost'): void {
    this.host.crash(how === 'killed' ? 'killed' : 'silent');
    for (const job of this.jobs) {
      job.isOrphan = true;
      if (job.state === 'running') job.state = 'lost';
    }
  }

  /** @param self its id, or a new one if it has lost its key and all that it knew */
  restart(self: PeerId): void {
    if (this.isUp) throw new Error(`#${this.number} runs already`);
    // In the order in which a store lists them.
    const kept = this.#running.driver.known.toSorted((a, b) => b.seenAtMs - a.seenAtMs);
    const isSame = self === this.self;
    const unsent = isSame ? this.#running.driver.unsent : new UnsentResults();
    this.#running = this.#start(self, isSame ? kept : [], unsent);
  }

  #start(self: PeerId, known: readonly KnownPeer[], unsent: UnsentResults): Running {
    const { network, random, jobs, offered, mayBeFooled } = this.#world;
    const { place, clock, entrances, conduct } = this.options;
    const { timeline } = network;
    const host = new Host(network, self, place);
    const peer = new Peer({
      self,
      addresses: () => [place.address],
      entrances,
      known,
      unsent: unsent.list(-Infinity),
      features: conduct.slots > 0 ? ['computes'] : [],
      slots: conduct.slots,
      limits: givenLimits,
      seed: Math.floor(random.next() * 2 ** 32),
    });
    const job = (id: JobId): SimulatedJob | undefined => jobs.get(id);
    const quorumOf = (id: JobId): number => job(id)?.spec.trust.quorum ?? Infinity;
    const { slots } = conduct;
    const kept = unsent.list(-Infinity);
    const watched = { peer, host, slots, quorumOf, offered, mayBeFooled, unsent: kept };
    const invariants = new Invariants(watched);
    const sandbox = new SimulatedSandbox(conduct, {
      timeline,
      random,
      chunkMsOf: (id) => job(id)?.chunkMs ?? 0,
      onDone: (event) => driver.dispatch(event),
    });
    const driver: Driver = new Driver({
      peer,
      host,
      network,
      clock,
      sandbox,
      random,
      known,
      unsent,
      job,
      onHandled: (event, effects, now) => {
        this.#world.onHandled(this, event, effects, now);
        invariants.check(event, effects, now);
      },
      onDrained: () => {
        this.drained += 1;
      },
    });
    // Its promise is kept already.
    void host.listen((event) => driver.dispatch(event));
    timeline.after(0, () => driver.dispatch({ type: 'tick' }));
    return { host, peer, driver };
  }
}
