/**
 * A process in the network, as the network sees it: whether it listens, answers, or is gone, and
 * the streams that end at it.
 */

import type { PeerId } from '../../../src/model/ids.ts';
import type {
  OverlayMessage,
  RequesterMessage,
  VolunteerMessage,
} from '../../../src/model/messages.ts';
import type { Place } from './place.ts';
import type { StreamEnd } from './stream-end.ts';

/** What the network needs of an end, whatever it carries. */
export type AnyEnd = Pick<
  StreamEnd<never, never>,
  'station' | 'peerStation' | 'isOver' | 'abandon' | 'lose' | 'clog' | 'watch' | 'watchOther'
>;

/**
 * `killed`: the operating system is still there and closes its streams. `silent`: the power is
 * lost, and nobody answers.
 */
export type Crash = 'killed' | 'silent';

export abstract class Station {
  readonly self: PeerId;
  readonly place: Place;
  readonly ends = new Set<AnyEnd>();
  /** Ends elsewhere whose frames wait for this process, or for a way to it. */
  readonly stalled = new Set<{ resume(delayMs: number): void }>();
  #state: 'up' | Crash = 'up';
  #isFrozen = false;
  #backlog: (() => void)[] = [];

  constructor(self: PeerId, place: Place) {
    this.self = self;
    this.place = place;
  }

  abstract acceptOverlay(end: StreamEnd<OverlayMessage, OverlayMessage>): void;
  abstract acceptWork(end: StreamEnd<VolunteerMessage, RequesterMessage>): void;

  get state(): 'up' | Crash {
    return this.#state;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Now, or as soon as it is not frozen any more; never when it is gone. */
  whenAwake(run: () => void): void {
    if (this.#state !== 'up') return;
    if (this.#isFrozen) this.#backlog.push(run);
    else run();
  }

  crash(how: Crash): void {
    this.#state = how;
    this.#isFrozen = false;
    this.#backlog = [];
    // Those that are abandoned take themselves out, which a set's iteration bears.
    for (const end of this.ends) {
      if (how === 'killed') end.abandon();
      else end.watchOther();
    }
    if (how === 'killed') this.#resume();
  }

  /** The machine is up again, but what ran there is not: whoever writes to it is told so. */
  rebooted(): void {
    this.#state = 'killed';
    this.#resume();
  }

  /** Stopped, like a process by SIGSTOP or a laptop by its lid: everything waits. */
  freeze(): void {
    this.#isFrozen = true;
    for (const end of this.ends) end.watchOther();
  }

  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const run of backlog) this.whenAwake(run);
    this.#resume();
  }

  #resume(): void {
    const stalled = [...this.stalled];
    this.stalled.clear();
    for (const end of stalled) end.resume(0);
  }
}
