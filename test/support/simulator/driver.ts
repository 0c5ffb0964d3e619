/**
 * What `runtime/driver.ts` does, in virtual time, for one process of a peer: events in, effects
 * carried out in their order, one event at a time.
 */

import { unreachable } from '../../../src/model/errors.ts';
import type { SignedEvidence } from '../../../src/model/evidence.ts';
import type { JobId, PeerId } from '../../../src/model/ids.ts';
import type { RequesterSend } from '../../../src/model/messages.ts';
import type { KnownPeer } from '../../../src/model/peer-record.ts';
import type { Effect, Now, PeerEvent } from '../../../src/protocol/events.ts';
import type { Peer } from '../../../src/protocol/peer.ts';
import type { Random } from '../../../src/protocol/random.ts';
import type { DriftingClock } from './drifting-clock.ts';
import type { UnsentResults } from '../unsent-results.ts';
import type { Host } from './host.ts';
import type { Network } from './network.ts';
import { rightDigest, type SimulatedJob } from './simulated-job.ts';
import type { SimulatedSandbox } from './simulated-sandbox.ts';

export type DriverComponents = {
  readonly peer: Peer;
  readonly host: Host;
  readonly network: Network;
  readonly clock: DriftingClock;
  readonly sandbox: SimulatedSandbox;
  readonly random: Random;
  /** What the process before has kept. */
  readonly known: readonly KnownPeer[];
  /** What it has computed and could not deliver is there, and is kept there. */
  readonly unsent: UnsentResults;
  readonly job: (job: JobId) => SimulatedJob | undefined;
  readonly onHandled: (event: PeerEvent, effects: readonly Effect[], now: Now) => void;
  readonly onDrained: () => void;
};

/** A timer fires up to a millisecond early now and then, as real ones do. */
const EARLY_SHARE = 0.1;
const EARLY_MS = 0.7;
/** No timer is shorter. */
const TIMER_MS_MIN = 0.1;
/** A fetch of a program, once it is connected; and loading it. */
const FETCH_MS = 100;
/** Inputs of leases come from memory or, now and then, from a disk; a guess. */
const PAGE_READ_SHARE = 0.1;
const PAGE_READ_MS_MAX = 20;
/** What lies between a job's last result and its end: `merge`. */
const MERGE_MS = 10;

/** What `split` yielded for a chunk: nobody reads it. */
const input = Uint8Array.of(0);

export class Driver {
  readonly #components: DriverComponents;
  readonly #events: PeerEvent[] = [];
  #isHandling = false;
  /** When the timer was to fire, and the earliest entry for it in the timeline. */
  #wakeAtMs = Infinity;
  #queuedAtMs = Infinity;
  /** What is kept for the next start. */
  known: readonly KnownPeer[];
  readonly unsent: UnsentResults;

  constructor(components: DriverComponents) {
    this.#components = components;
    this.known = components.known;
    this.unsent = components.unsent;
  }

  /** Handles an event now, or after the one being handled; later if the process is frozen. */
  dispatch(event: PeerEvent): void {
    const { host } = this.#components;
    if (this.#isHandling) this.#events.push(event);
    else if (host.isFrozen) host.whenAwake(() => this.dispatch(event));
    else if (host.state === 'up') this.#handle(event);
  }

  /** The timer's entry in the timeline. A new wake leaves older entries there, which do nothing. */
  due(): void {
    const { timeline } = this.#components.network;
    if (timeline.nowMs !== this.#queuedAtMs) return;
    this.#queuedAtMs = Infinity;
    if (this.#wakeAtMs > timeline.nowMs) {
      this.#queue(this.#wakeAtMs);
    } else {
      this.#wakeAtMs = Infinity;
      this.dispatch({ type: 'tick' });
    }
  }

  #handle(first: PeerEvent): void {
    const { peer, clock, network, onHandled } = this.#components;
    this.#isHandling = true;
    for (let event: PeerEvent | undefined = first; event; event = this.#events.shift()) {
      const now = clock.now(network.timeline.nowMs);
      const effects = peer.handle(event, now);
      for (const effect of effects) this.#carryOut(effect);
      onHandled(event, effects, now);
    }
    this.#isHandling = false;
  }

  #carryOut(effect: Effect): void {
    const { host, sandbox } = this.#components;
    switch (effect.type) {
      case 'dial':
        return host.dial(effect.address, effect.expected);
      case 'hang-up':
        return host.hangUp(effect.peer);
      case 'send-overlay':
        return host.sendOverlay(effect.to, effect.message);
      case 'open-work':
        return host.openWork(effect.requester, effect.addresses);
      case 'close-work':
        return host.closeWork(effect.requester);
      case 'send-to-requester':
        return host.sendToRequester(effect.to, effect.message);
      case 'close-volunteer':
        return host.closeVolunteer(effect.volunteer);
      case 'send-to-volunteer':
        return this.#sendToVolunteer(effect.to, effect.message);
      case 'fetch-program':
        return this.#fetchProgram(effect);
      case 'run':
        return sandbox.run(effect);
      case 'stop-runs':
        return sandbox.stop(effect.runs);
      case 'sign-offer':
        return this.dispatch({ type: 'offer-signed', offer: host.signOffer(effect.offer) });
      case 'sign-record':
        return this.dispatch({ type: 'record-signed', record: host.signRecord(effect.record) });
      case 'wake':
        return this.#wake(effect.atMs);
      case 'check-evidence':
        return this.#checkEvidence(effect.evidence);
      default:
        return this.#keep(effect);
    }
  }

  #keep(
    effect: Extract<
      Effect,
      {
        type:
          | 'keep-peers'
          | 'keep-standings'
          | 'keep-receipt'
          | 'keep-unsent'
          | 'drop-unsent'
          | 'store-results'
          | 'keep-statement'
          | 'keep-moves'
          | 'accuse'
          | 'all-accepted'
          | 'job-failed'
          | 'drained';
      }
    >,
  ): void {
    switch (effect.type) {
      case 'keep-peers':
        this.known = effect.peers;
        return;
      case 'keep-moves':
      case 'keep-standings':
        // No simulated job believes on evidence: a table alone is tried in `verification.ts`.
        return;
      case 'keep-receipt':
        // Nobody asks what a simulated peer has done for others.
        return;
      case 'accuse':
        // As above, nobody is caught in one.
        return;
      case 'keep-unsent':
        this.unsent.put(effect.results, this.#components.network.timeline.nowMs);
        return;
      case 'drop-unsent':
        this.unsent.drop(effect.requester, effect.job, effect.leases);
        return;
      case 'keep-statement':
        // Nothing is signed here, and nobody asks for certificates.
        return;
      case 'store-results':
        this.#components.job(effect.job)?.store(effect.results);
        return;
      case 'all-accepted':
        return this.#end(effect.job, 'accepted');
      case 'job-failed': {
        const job = this.#components.job(effect.job);
        if (job !== undefined) job.failure = effect.failure;
        return this.#end(effect.job, 'failed');
      }
      case 'drained':
        return this.#components.onDrained();
      default:
        return unreachable(effect);
    }
  }

  #end(id: JobId, state: 'accepted' | 'failed'): void {
    const { peer, clock, network, job } = this.#components;
    const ended = job(id);
    if (ended === undefined) return;
    const { timeline } = network;
    ended.state = state;
    ended.endedAtMs = timeline.nowMs;
    ended.report = peer.ownJob(id)?.report(clock.now(timeline.nowMs).ms);
    timeline.after(MERGE_MS, () => this.dispatch({ type: 'end-job', job: id }));
  }

  #sendToVolunteer(to: PeerId, message: RequesterSend): void {
    const { host, network, random } = this.#components;
    if (message.type === 'receipt') {
      const receipt = host.signReceipt(message.receipt);
      host.sendToVolunteer(to, { type: 'receipt', receipt });
      return;
    }
    if (message.type !== 'leases') {
      host.sendToVolunteer(to, message);
      return;
    }
    const chunks = message.chunks.map((lease) => ({ ...lease, input }));
    const leases = { ...message, chunks };
    const send = (): void => {
      if (to !== host.self) host.sendToVolunteer(to, leases);
      else this.dispatch({ type: 'requester-message', from: to, message: leases });
    };
    // What is sent to the same volunteer meanwhile overtakes them, as it does in the real driver.
    const readMs = random.next() < PAGE_READ_SHARE ? PAGE_READ_MS_MAX * random.next() : 0;
    network.timeline.after(readMs, () => host.whenAwake(send));
  }

  #fetchProgram({
    requester,
    addresses,
    program,
  }: Extract<Effect, { type: 'fetch-program' }>): void {
    const { host, network } = this.#components;
    const ready = (): void => {
      network.timeline.after(FETCH_MS, () => this.dispatch({ type: 'program-ready', program }));
    };
    if (requester === host.self) {
      ready();
      return;
    }
    network.connect(host, addresses[0] ?? '', ({ station }) => {
      if (station?.self === requester) ready();
      else this.dispatch({ type: 'program-missing', requester, program, reason: 'unreachable' });
    });
  }

  /** The accuser has program and input; an honest sandbox computes what is right. */
  #checkEvidence({ id, evidence }: SignedEvidence): void {
    const { host, network } = this.#components;
    const { accuser, addresses, job, chunk, said, accepted } = evidence;
    const [address = ''] = addresses;
    network.connect(host, address, ({ station }) => {
      const right = rightDigest(job, chunk);
      const known = right === accepted ? 'true' : right === said ? 'false' : 'unknown';
      const isThere = station?.self === accuser;
      const verdict = isThere ? known : 'unknown';
      const where = isThere ? { address } : {};
      const answer = (): void =>
        this.dispatch({ type: 'evidence-checked', id, verdict, ranMs: 0, ...where });
      network.timeline.after(FETCH_MS, answer);
    });
  }

  #wake(atMs: number): void {
    const { clock, network, random } = this.#components;
    const { timeline } = network;
    const earlyMs = random.next() < EARLY_SHARE ? EARLY_MS : 0;
    // The clock shows whole milliseconds, and timers are set for them.
    const dueAtMs = clock.trueMs(Math.ceil(atMs));
    this.#wakeAtMs = Math.max(dueAtMs - earlyMs, timeline.nowMs + TIMER_MS_MIN);
    if (this.#wakeAtMs < this.#queuedAtMs) this.#queue(this.#wakeAtMs);
  }

  #queue(atMs: number): void {
    this.#queuedAtMs = atMs;
    this.#components.network.timeline.schedule(atMs, this);
  }
}
