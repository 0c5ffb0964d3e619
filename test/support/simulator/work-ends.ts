/**
 * A host's work streams, at most one with each peer in each direction: those that it opened to
 * requesters, and those that volunteers opened to it.
 */

import { type PeerId, short } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import type {
  RequesterMessage,
  TransportEvent,
  VolunteerMessage,
} from '../../../src/model/messages.ts';
import { breachOfWork } from './frame-check.ts';
import type { Network, Reached } from './network.ts';
import type { Station } from './station.ts';
import { StreamEnd } from './stream-end.ts';

type RequesterEnd = StreamEnd<RequesterMessage, VolunteerMessage>;
type VolunteerEnd = StreamEnd<VolunteerMessage, RequesterMessage>;

type Requester = {
  readonly peer: PeerId;
  readonly untried: string[];
  /** Why the other addresses failed. */
  readonly failures: string[];
  end: RequesterEnd | undefined;
  isUp: boolean;
};

/** As in `transport/message-stream.ts`. */
const HELLO_MS_MAX = 5_000;

export class WorkEnds {
  readonly #station: Station;
  readonly #network: Network;
  readonly #emit: (event: TransportEvent) => void;
  readonly #requesters = new Map<PeerId, Requester>();
  readonly #volunteers = new Map<PeerId, VolunteerEnd>();

  constructor(station: Station, network: Network, emit: (event: TransportEvent) => void) {
    this.#station = station;
    this.#network = network;
    this.#emit = emit;
  }

  open(peer: PeerId, addresses: readonly string[]): void {
    if (this.#requesters.has(peer)) return;
    const untried = addresses.slice(0, limits.peerAddressesMax);
    const requester = { peer, untried, failures: [], end: undefined, isUp: false };
    const isOneTooMany = this.#requesters.size >= limits.requestersMax;
    this.#requesters.set(peer, requester);
    this.#later(0, () => {
      if (isOneTooMany) this.#down(requester, `${limits.requestersMax} work streams are open`);
      else this.#tryNext(requester);
    });
  }

  close(peer: PeerId): void {
    const requester = this.#requesters.get(peer);
    this.#requesters.delete(peer);
    requester?.end?.finish();
  }

  closeVolunteer(peer: PeerId): void {
    const end = this.#volunteers.get(peer);
    this.#volunteers.delete(peer);
    end?.finish();
  }

  sendToRequester(to: PeerId, message: VolunteerMessage): void {
    const requester = this.#requesters.get(to);
    if (requester?.isUp !== true) return;
    if (message.type !== 'results') {
      requester.end?.send(message);
      return;
    }
    const { job, replicas } = message.frame;
    for (const part of parts(replicas, limits.statementReplicasMax)) {
      requester.end?.send({ type: 'results', frame: { job, replicas: part } });
    }
  }

  sendToVolunteer(to: PeerId, message: RequesterMessage): void {
    const end = this.#volunteers.get(to);
    if (message.type !== 'leases') {
      end?.send(message);
      return;
    }
    for (const chunks of parts(message.chunks, limits.frameItemsMax))
      end?.send({ ...message, chunks });
  }

  /** A volunteer has dialled; its hello is on its way. */
  accept(end: VolunteerEnd): void {
    const { self: peer } = end.peerStation;
    end.listen({
      hello: () => this.#volunteerUp(peer, end),
      message: (message) => {
        const breach = breachOfWork(message);
        if (breach === undefined) {
          this.#emit({ type: 'volunteer-message', from: peer, message });
        } else {
          end.refuse(breach, 'refused');
          this.#volunteerDown(peer, end);
        }
      },
      closed: () => this.#volunteerDown(peer, end),
    });
  }

  #tryNext(requester: Requester): void {
    if (this.#requesters.get(requester.peer) !== requester) return;
    const address = requester.untried.shift();
    if (address === undefined) {
      this.#down(requester, requester.failures.join('; ') || 'it has no address');
      return;
    }
    this.#network.connect(this.#station, address, (reached) => {
      this.#reached(requester, address, reached);
    });
  }

  #reached(requester: Requester, address: string, reached: Reached): void {
    if (this.#requesters.get(requester.peer) !== requester) return;
    const { station } = reached;
    if (station === undefined) {
      this.#failed(requester, address, reached.reason);
    } else if (station === this.#station) {
      this.#failed(requester, address, 'it is this peer itself');
    } else if (station.self !== requester.peer) {
      const reason = `it is another peer: ${short(station.self)}, not ${short(requester.peer)}`;
      this.#failed(requester, address, reason);
    } else {
      this.#greet(requester, address, station, reached.betweenMs);
    }
  }

  #greet(requester: Requester, address: string, station: Station, betweenMs: number): void {
    const { peer } = requester;
    const [end, theirs] = StreamEnd.pair<VolunteerMessage, RequesterMessage>(
      this.#network,
      this.#station,
      station,
      betweenMs,
    );
    requester.end = end;
    end.listen({
      hello: () => {
        requester.isUp = true;
        this.#emit({ type: 'requester-up', peer });
      },
      message: (message) => {
        const breach = breachOfWork(message);
        if (breach === undefined) {
          this.#emit({ type: 'requester-message', from: peer, message });
        } else {
          end.refuse(breach, 'refused');
          this.#down(requester, breach);
        }
      },
      closed: (reason) => {
        if (requester.isUp) this.#down(requester, reason);
        else this.#failed(requester, address, reason);
      },
    });
    station.acceptWork(theirs);
    end.sendHello();
    this.#later(HELLO_MS_MAX, () => {
      if (requester.end !== end || requester.isUp || end.isOver) return;
      end.refuse('no hello within 5 s', 'refused');
      this.#failed(requester, address, 'no hello within 5 s');
    });
  }

  #failed(requester: Requester, address: string, reason: string): void {
    requester.failures.push(`${address}: ${reason}`);
    this.#tryNext(requester);
  }

  #down(requester: Requester, reason: string): void {
    const { peer } = requester;
    if (this.#requesters.get(peer) !== requester) return;
    this.#requesters.delete(peer);
    this.#emit({ type: 'requester-down', peer, reason });
  }

  #volunteerUp(peer: PeerId, end: VolunteerEnd): void {
    if (this.#volunteers.size >= limits.volunteersMax) {
      end.refuse('it has too many volunteers; try later', 'refused');
      return;
    }
    // A volunteer opens one stream: it has lost the one that seems open from here.
    const lost = this.#volunteers.get(peer);
    if (lost !== undefined) {
      lost.finish();
      this.#volunteerDown(peer, lost);
    }
    end.sendHello();
    this.#volunteers.set(peer, end);
    this.#emit({ type: 'volunteer-up', peer, remote: end.peerStation.place.ip });
  }

  #volunteerDown(peer: PeerId, end: VolunteerEnd): void {
    if (this.#volunteers.get(peer) !== end) return;
    this.#volunteers.delete(peer);
    this.#emit({ type: 'volunteer-down', peer });
  }

  #later(ms: number, run: () => void): void {
    this.#network.timeline.after(ms, () => this.#station.whenAwake(run));
  }
}

function parts<Item>(items: readonly Item[], itemsMax: number): (readonly Item[])[] {
  if (items.length <= itemsMax) return [items];
  return Array.from({ length: Math.ceil(items.length / itemsMax) }, (_, index) =>
    items.slice(index * itemsMax, (index + 1) * itemsMax),
  );
}
