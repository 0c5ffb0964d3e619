/** An undecided chunk: the replicas leased of it, and what they returned, grouped by digest. */

import type { Digest, PeerId } from '../model/ids.ts';
import type { JobFailure } from '../model/job.ts';
import type { Failure } from '../model/replica.ts';
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

type Group = { readonly digest: Digest; readonly peers: PeerId[] };

export class OpenChunk {
  readonly chunk: number;
  replicas: Replica[] = [];
  /**
   * Who returned which digest. The values are not kept: the vote that makes a group canonical
   * brings the value along, and what strangers send is not worth holding until then.
   */
  readonly groups: Group[] = [];
  /** Live tickets in the queue. */
  tickets = 0;
  /** Leases out. */
  active = 0;
  /** How often it has been leased once more than needed, because replicas took long. */
  twins = 0;
  decided = false;
  readonly #failures: { readonly peer: PeerId; readonly failure: Failure }[] = [];

  constructor(chunk: number) {
    this.chunk = chunk;
  }

  /**
   * Whether a peer's replica would count: one a peer, unless its earlier one expired a while ago.
   */
  mayTake(peer: PeerId): boolean {
    return !this.replicas.some((replica) => replica.peer === peer && replica.state !== 'rested');
  }

  /** Whether a peer has voted or failed: it is not heard twice. */
  hasHeard(peer: PeerId): boolean {
    return this.replicas.some(
      ({ peer: holder, state }) => holder === peer && (state === 'voted' || state === 'failed'),
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

  /** A replica that came to nothing leaves no trace. */
  forget(replica: Replica): void {
    this.replicas = this.replicas.filter((other) => other !== replica);
  }

  vote(peer: PeerId, digest: Digest): void {
    const group = this.groups.find((other) => other.digest === digest);
    if (group === undefined) this.groups.push({ digest, peers: [peer] });
    else group.peers.push(peer);
  }

  fail(peer: PeerId, failure: Failure): void {
    this.#failures.push({ peer, failure });
  }

  judge(quorum: number): Verdict {
    const groups = this.groups.map(({ peers }) => peers.length);
    return judge({ groups, failures: this.#failures.length }, quorum);
  }

  /**
   * A failure that enough different peers report alike is the chunk's own, and so is one that the
   * requester saw itself.
   */
  commonFailure(quorum: number, self: PeerId): JobFailure | undefined {
    const last = this.#failures.at(-1);
    if (last === undefined) return undefined;
    const alike = this.#failures.filter(({ failure }) => failure.kind === last.failure.kind);
    const peers = [...new Set(alike.map(({ peer }) => peer))];
    if (peers.length < quorum && !peers.includes(self)) return undefined;
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
