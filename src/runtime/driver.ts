/**
 * The only event loop: what happens outside becomes events for the peer's machine, and the effects
 * that it decides on are carried out through the ports, in their order. Nothing is decided here.
 */

import { type JobId, type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { TransportEvent, VolunteerMessage } from '../model/messages.ts';
import type { KnownPeer } from '../model/peer-record.ts';
import type { Clock, Sandbox, Store, Timers, Transport } from '../ports.ts';
import type { Effect, PeerEvent } from '../protocol/events.ts';
import type { Peer } from '../protocol/peer.ts';
import { workDigests } from '../wire/work-digest.ts';
import type { Accuser } from './accuser.ts';
import { ClockWatch } from './clock-watch.ts';
import type { EvidenceCheck } from './evidence-check.ts';
import { Journal } from './journal.ts';
import { LastingTrouble } from './lasting-trouble.ts';
import type { Logger } from './log.ts';
import { NeighbourLog } from './neighbour-log.ts';
import type { OwnJob } from './own-job.ts';
import { OwnWork } from './own-work.ts';
import type { ProgramFetch } from './program-fetch.ts';
import { ReceiptsKeeper } from './receipts-keeper.ts';
import { StandingsKeeper } from './standings-keeper.ts';
import { UnsentKeeper } from './unsent-keeper.ts';

export type DriverComponents = {
  readonly self: PeerId;
  readonly peer: Pick<Peer, 'handle' | 'neighbours' | 'ownJob'>;
  readonly transport: Transport;
  readonly sandbox: Sandbox;
  readonly programs: ProgramFetch;
  readonly accuser: Pick<Accuser, 'accuse'>;
  readonly evidenceCheck: Pick<EvidenceCheck, 'check'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Addresses that the owner gave to join through. */
  readonly entrances: readonly string[];
  readonly ownJob: (job: JobId) => OwnJob | undefined;
  readonly onCompute: (seconds: number, chunks: number) => void;
  readonly onDrained: () => void;
};

export class Driver {
  readonly #components: DriverComponents;
  readonly #neighbourLog: NeighbourLog;
  readonly #clockWatch: ClockWatch;
  readonly #journal: Journal;
  readonly #ownWork: OwnWork;
  readonly #unsent: UnsentKeeper;
  readonly #receipts: ReceiptsKeeper;
  readonly #peersTrouble: LastingTrouble;
  readonly #events: PeerEvent[] = [];
  /** What stops those that have not ended. */
  readonly #runs = new Map<number, AbortController>();
  #handling = false;
  #cancelWake = (): void => undefined;
  #stopped = false;

  constructor(components: DriverComponents) {
    this.#components = components;
    this.#neighbourLog = new NeighbourLog(components.log);
    this.#clockWatch = new ClockWatch(components.log);
    this.#journal = this.#journalOf(components);
    this.#ownWork = new OwnWork({
      ...components,
      journal: this.#journal,
      dispatch: (event) => this.dispatch(event),
      background: (work) => this.#background(work),
    });
    this.#unsent = new UnsentKeeper(components);
    this.#receipts = new ReceiptsKeeper(components);
    const unkept = "the peers met can't be kept for the next start";
    this.#peersTrouble = new LastingTrouble(unkept, components);
  }

  #journalOf({ store, log, clock, timers, ownJob }: DriverComponents): Journal {
    return new Journal({
      store,
      clock,
      timers,
      log,
      standings: new StandingsKeeper({ clock, log }),
      isRunning: (job) => ownJob(job)?.isOver === false,
      onTrouble: (job, reason) =>
        ownJob(job)?.fail({ type: 'requester-failed', step: 'store', reason }),
      onBug: (error) => log.error({ err: error }, 'what had waited could not be carried out'),
    });
  }

  /** Handles an event now, or after the one being handled. */
  dispatch(event: PeerEvent): void {
    if (this.#stopped) return;
    this.#events.push(event);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        this.#log(next);
        const { peer, clock } = this.#components;
        const now = { ms: clock.nowMs(), unixMs: clock.unixMs() };
        for (const effect of peer.handle(next, now)) this.#tryToCarryOut(effect);
        this.#neighbourLog.compare(peer.neighbours, next);
        this.#clockWatch.observe(next, now);
      }
    } finally {
      this.#handling = false;
    }
  }

  /** The same for what comes from other peers. */
  receive(event: TransportEvent): void {
    if (event.type === 'volunteer-message' && event.message.type === 'results') {
      this.#background(this.#ownWork.receive(event.from, event.message));
    } else {
      this.dispatch(event);
    }
  }

  /**
   * Has the machine say what is to be kept; then no event is handled any more.
   * @returns when it is kept, and what waited for it is said
   */
  async stop(): Promise<void> {
    this.dispatch({ type: 'stop' });
    this.#stopped = true;
    this.#events.length = 0;
    this.#cancelWake();
    this.#unsent.stop();
    this.#receipts.stop();
    await this.#journal.flush();
  }

  /** An effect that throws is a bug; those behind it are owed to others all the same. */
  #tryToCarryOut(effect: Effect): void {
    try {
      this.#carryOut(effect);
    } catch (error) {
      const { log } = this.#components;
      log.error({ err: error, effect: effect.type }, 'an effect could not be carried out');
    }
  }

  #carryOut(effect: Effect): void {
    const { transport } = this.#components;
    switch (effect.type) {
      case 'dial':
        return transport.dial(effect.address, effect.expected);
      case 'hang-up':
        return transport.hangUp(effect.peer);
      case 'send-overlay':
        return transport.sendOverlay(effect.to, effect.message);
      case 'open-work':
        return transport.openWork(effect.requester, effect.addresses);
      case 'close-work':
        return transport.closeWork(effect.requester);
      case 'send-to-requester':
        return this.#sendToRequester(effect.to, effect.message);
      case 'send-to-volunteer':
        return this.#ownWork.sendToVolunteer(effect.to, effect.message);
      case 'close-volunteer':
        return transport.closeVolunteer(effect.volunteer);
      case 'stop-runs':
        return this.#stopRuns(effect.runs);
      case 'sign-offer':
        return this.dispatch({ type: 'offer-signed', offer: transport.signOffer(effect.offer) });
      case 'sign-record': {
        const record = transport.signRecord(effect.record);
        return this.dispatch({ type: 'record-signed', record });
      }
      case 'keep-peers':
        return this.#keepPeers(effect.peers);
      case 'keep-receipt':
        return this.#receipts.keep(effect.receipt);
      case 'keep-unsent':
      case 'drop-unsent':
        return this.#unsent.carryOut(effect);
      case 'wake':
        return this.#wake(effect.atMs);
      case 'drained':
        return this.#components.onDrained();
      case 'fetch-program':
        return this.#background(this.#fetchProgram(effect));
      case 'run':
        return this.#background(this.#run(effect));
      case 'check-evidence':
        return this.#background(this.#components.evidenceCheck.check(effect.evidence));
      default:
        return this.#ownWork.carryOut(effect);
    }
  }

  /** Without them the next start needs an address again, which is no reason to stop now. */
  #keepPeers(peers: readonly KnownPeer[]): void {
    const { store, log } = this.#components;
    try {
      store.putPeers(peers);
      log.debug({ peers: peers.length }, 'peers kept for the next start');
    } catch (error) {
      this.#peersTrouble.tell(error);
    }
  }

  /** To this peer itself go only results that have to be compared first. */
  #sendToRequester(to: PeerId, message: VolunteerMessage): void {
    const { self, transport } = this.#components;
    if (to === self && message.type === 'results') this.#ownWork.receiveOwn(message);
    else transport.sendToRequester(to, message);
  }

  async #fetchProgram(effect: Extract<Effect, { type: 'fetch-program' }>): Promise<void> {
    this.dispatch(await this.#components.programs.load(effect));
  }

  #stopRuns(runs: readonly number[]): void {
    for (const run of runs) this.#runs.get(run)?.abort();
  }

  async #run(effect: Extract<Effect, { type: 'run' }>): Promise<void> {
    const { sandbox, onCompute } = this.#components;
    const { run, job, program, limits: chunkLimits, chunks, ref } = effect;
    const stop = new AbortController();
    this.#runs.set(run, stop);
    const ran = await sandbox.run({ job, program, limits: chunkLimits, chunks }, stop.signal);
    this.#runs.delete(run);
    const workOf = workDigests({ ...ref, limits: chunkLimits });
    const outcomes = ran.map(({ outcome, computeMs }, index) => {
      const input = outcome.type === 'result' ? chunks[index]?.input : undefined;
      if (input === undefined) return { outcome, computeMs };
      return { outcome, computeMs, work: workOf(input) };
    });
    const computed = outcomes.filter(({ outcome }) => outcome.type !== 'returned');
    const seconds = computed.reduce((sum, { computeMs }) => sum + computeMs, 0) / 1000;
    if (computed.length > 0) onCompute(seconds, computed.length);
    this.dispatch({ type: 'run-done', run, outcomes });
  }

  #wake(atMs: number): void {
    this.#cancelWake();
    const { clock, timers } = this.#components;
    // A wake beyond the longest delay comes early, which does no harm.
    const delayMs = Math.min(Math.max(atMs - clock.nowMs(), 0), limits.timerMsMax);
    this.#cancelWake = timers.after(Math.ceil(delayMs), () => this.dispatch({ type: 'tick' }));
  }

  /** The work reports by events; that it rejects is a bug. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#stopped) return;
      this.#components.log.error({ err: error }, 'a step of the driver failed');
    });
  }

  /** Where the owner said there is a peer its absence is news; elsewhere it is not. */
  #logDialFailed({ address, reason }: Extract<PeerEvent, { type: 'dial-failed' }>): void {
    const { log, entrances } = this.#components;
    if (!entrances.includes(address)) return;
    const text = `could not join through ${address}: ${reason}; it is tried again after a while`;
    log.warn({ address, reason }, text);
  }

  #logLinkDown({ peer, reason, offence }: Extract<PeerEvent, { type: 'link-down' }>): void {
    const { log } = this.#components;
    if (!offence) return log.debug({ peer, reason }, 'link down');
    log.warn({ peer, reason }, `${short(peer)} sent what no correct peer sends: ${reason}`);
  }

  #log(event: PeerEvent): void {
    const { log } = this.#components;
    switch (event.type) {
      case 'link-up':
        return log.debug({ peer: event.peer, direction: event.direction }, 'link up');
      case 'link-down':
        return this.#logLinkDown(event);
      case 'dial-failed':
        return this.#logDialFailed(event);
      case 'volunteer-up':
        return log.info({ peer: event.peer }, 'a volunteer has come');
      case 'volunteer-down':
        return log.info({ peer: event.peer }, 'a volunteer has gone');
      case 'requester-up':
        return log.info({ peer: event.peer }, 'computing for a requester');
      case 'requester-down':
        return log.info({ peer: event.peer, reason: event.reason }, 'a requester has gone');
      case 'program-failed':
        return log.warn({ program: event.program }, `a job is declined: ${event.reason}`);
      case 'program-missing':
        return log.debug({ requester: event.requester, program: event.program }, event.reason);
      default:
        return log.trace({ event: event.type }, 'event');
    }
  }
}
