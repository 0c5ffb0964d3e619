/** An undecided chunk: the replicas leased of it, and what they returned, grouped by digest. */

import type { Digest, PeerId } from '../../model/ids.ts';
import type { JobFailure, WrongResult } from '../../model/job.ts';
import type { Failure } from '../../model/replica.ts';
import { judge, type Verdict } from './quorum.ts';

export type Replica = {
  readonly lease: number;
  readonly peer: PeerId;
  readonly leasedAtMs: number;
  readonly deadlineMs: number;
  /**
   * Expired ones may still come back and count, and so may rested ones, of peers that may have the
   * chunk again; revoked ones come back too late.
   */
  state: 'active' | 'expired' | 'rested' | 'revoked' | 'voted' | 'failed';
};

export type Group = { readonly digest: Digest; peers: readonly PeerId[] };

/** Leases are numbered from 1. */
const NO_LEASE = 0;

/**
 * Lists are never changed, but replaced by what `concat` makes. There may be 65,536 of these
 * chunks, and the first `push` makes room for 17 items: it was a third of their memory.
 */
const NONE: readonly never[] = [];

export class OpenChunk {
  readonly chunk: number;
  replicas: readonly Replica[] = NONE;
  /**
   * Who returned which digest. The values are not kept: the vote that makes a group canonical
   * brings the value along, and what strangers send is not worth holding until then.
   */
  groups: readonly Group[] = NONE;
  /** Of the value that the store has, where values are kept before they are believed. */
  stored: Digest | undefined;
  /** Live tickets in the queue. */
  tickets = 0;
  /** Leases out. */
  active = 0;
  /** How often it has been leased once more than needed, because replicas took long. */
  twins = 0;
  decided = false;
  #failures: readonly { readonly peer: PeerId; readonly failure: Failure }[] = NONE;

  constructor(chunk: number) {
    this.chunk = chunk;
  }

  /** One that was decided, and is not believed any more without one of its peers. */
  static reopened(
    chunk: number,
    digest: Digest,
    peers: readonly PeerId[],
    without: PeerId,
  ): OpenChunk {
    const open = new OpenChunk(chunk);
    open.stored = digest;
    if (peers.length > 0) open.groups = [{ digest, peers: [...peers] }];
    for (const peer of [...peers, without]) {
      const lease = NO_LEASE;
      open.add({ lease, peer, leasedAtMs: 0, deadlineMs: 0, state: 'voted' });
    }
    return open;
  }

  add(replica: Replica): void {
    this.replicas = this.replicas.concat([replica]);
  }

  /**
   * Whether a peer's replica would count: one a peer, unless its earlier one expired a while ago.
   */
  mayTake(peer: PeerId): boolean {
    return !this.replicas.some((replica) => replica.peer === peer && replica.state !== 'rested');
  }

  /** Who has or had a replica of it. */
  get holders(): PeerId[] {
    return this.replicas.map(({ peer }) => peer);
  }

  /** Whether a peer has voted or failed: it is not heard twice. */
  hasHeard(peer: PeerId): boolean {
    return this.replicas.some(
      ({ peer: holder, state }) => holder === peer && (state === 'voted' || state === 'failed'),
    );
  }

  /** Its replica that expired, and may still come back and count. */
  lateReplica(peer: PeerId, lease: number): Replica | undefined {
    return this.replicas.find(
      ({ lease: other, peer: holder, state }) =>
        other === lease && holder === peer && (state === 'expired' || state === 'rested'),
    );
  }

  /** Leases out whose results could count. */
  promising(): number {
    return this.replicas.filter(({ peer, state }) => state === 'active' && !this.hasHeard(peer))
      .length;
  }

  /** When the last of the leases that are out was made. */
  newestMs(): number {
    let newestMs = -Infinity;
    for (const { state, leasedAtMs } of this.replicas) {
      if (state === 'active') newestMs = Math.max(newestMs, leasedAtMs);
    }
    return newestMs;
  }

  /** What was returned of it that is wrong, if that is right. */
  wrongIf(expected: Digest): WrongResult[] {
    const { chunk } = this;
    const others = this.groups.filter(({ digest }) => digest !== expected);
    return others.flatMap(({ digest, peers }) =>
      peers.map((peer) => ({ peer, chunk, digest, expected })),
    );
  }

  /** A replica that came to nothing leaves no trace. */
  forget(replica: Replica): void {
    this.replicas = this.replicas.filter((other) => other !== replica);
  }

  vote(peer: PeerId, digest: Digest): void {
    const group = this.groups.find((other) => other.digest === digest);
    if (group === undefined) this.groups = this.groups.concat([{ digest, peers: [peer] }]);
    else if (!group.peers.includes(peer)) group.peers = group.peers.concat([peer]);
  }

  /** Whoever voted so may have the chunk again, and its vote counts once: its value is lacking. */
  askAgain({ peers }: Group): void {
    for (const replica of this.replicas) {
      if (replica.state === 'voted' && peers.includes(replica.peer)) replica.state = 'rested';
    }
  }

  /** Its vote counts no more. It is not asked again. */
  withdraw(peer: PeerId): void {
    for (const group of this.groups) group.peers = group.peers.filter((other) => other !== peer);
    this.groups = this.groups.filter(({ peers }) => peers.length > 0);
  }

  fail(peer: PeerId, failure: Failure): void {
    this.#failures = this.#failures.concat([{ peer, failure }]);
  }

  /** Who said that it fails. */
  get failedAt(): PeerId[] {
    return this.#failures.map(({ peer }) => peer);
  }

  judge(quorum: number): Verdict {
    const groups = this.groups.map(({ peers }) => peers.length);
    return judge({ groups, failures: this.#failures.length }, quorum);
  }

  /** @param isEnough whether a failure that these peers report alike is the chunk's own */
  commonFailure(isEnough: (peers: readonly PeerId[]) => boolean): JobFailure | undefined {
    const last = this.#failures.at(-1);
    if (last === undefined) return undefined;
    const alike = this.#failures.filter(({ failure }) => failure.kind === last.failure.kind);
    const peers = [...new Set(alike.map(({ peer }) => peer))];
    if (!isEnough(peers)) return undefined;
    return { type: 'chunk-failed', chunk: this.chunk, failure: last.failure, peers };
  }

  dispute(quorum: number): JobFailure {
    return {
      type: 'chunk-disputed',
      chunk: this.chunk,
      quorum,
      groups: this.groups,
      failures: this.#failures.map(({ peer, failure }) => ({ peer, kind: failure.kind })),
    };
  }
}
