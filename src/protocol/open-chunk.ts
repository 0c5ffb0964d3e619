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
  /** Expired ones may still come back and count. */
  state: 'active' | 'expired' | 'voted' | 'failed';
};

type Group = { readonly peers: PeerId[]; readonly value: Uint8Array };

export class OpenChunk {
  readonly chunk: number;
  replicas: Replica[] = [];
  readonly groups = new Map<Digest, Group>();
  /** Live tickets in the queue. */
  tickets = 0;
  /** Leases out. */
  active = 0;
  /** Has been leased once more than needed, because a replica took long. */
  twinned = false;
  decided = false;
  readonly #failures: { readonly peer: PeerId; readonly failure: Failure }[] = [];

  constructor(chunk: number) {
    this.chunk = chunk;
  }

  /** Whether a peer's replica would count: one a peer, unless its earlier one expired. */
  mayTake(peer: PeerId): boolean {
    return !this.replicas.some((replica) => replica.peer === peer && replica.state !== 'expired');
  }

  /** Whether a peer has voted or failed: it is not heard twice. */
  hasHeard(peer: PeerId): boolean {
    return this.replicas.some(
      ({ peer: holder, state }) => holder === peer && (state === 'voted' || state === 'failed'),
    );
  }

  /** @returns bytes now held that were not before: those of a new group's value */
  vote(peer: PeerId, digest: Digest, value: Uint8Array): number {
    const group = this.groups.get(digest);
    if (group === undefined) {
      this.groups.set(digest, { peers: [peer], value });
      return value.byteLength;
    }
    group.peers.push(peer);
    return 0;
  }

  fail(peer: PeerId, failure: Failure): void {
    this.#failures.push({ peer, failure });
  }

  /** @returns the verdict, with the canonical group named by its digest */
  judge(quorum: number): Exclude<Verdict, { type: 'accepted' }> | Accepted {
    const groups = [...this.groups];
    const verdict = judge(
      { groups: groups.map(([, { peers }]) => peers.length), failures: this.#failures.length },
      quorum,
    );
    if (verdict.type !== 'accepted') return verdict;
    const [digest, group] = groups[verdict.group] ?? [];
    if (digest === undefined || group === undefined) throw new Error('judge named no group');
    return { type: 'accepted', digest, value: group.value };
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
      groups: Array.from(this.groups, ([digest, { peers }]) => ({ digest, peers })),
      failures: this.#failures.map(({ peer, failure }) => ({ peer, kind: failure.kind })),
    };
  }
}

type Accepted = { readonly type: 'accepted'; readonly digest: Digest; readonly value: Uint8Array };
