/** Those who took part in a job, as its requester tells it and as they have signed. */

import type { AuditPeer } from '../model/audit.ts';
import { type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Findings } from './audit-findings.ts';
import type { Voter } from './audit-policy.ts';

type Entry = AuditPeer & { results: number };

export class AuditPeers {
  requester: PeerId | undefined;
  readonly #findings: Findings;
  readonly #entries: Entry[] = [];
  readonly #indexes = new Map<PeerId, number>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  add(peer: AuditPeer, record: number): void {
    if (this.#indexes.has(peer.peer) || this.#entries.length >= limits.contributorsMax) {
      const text = `Record ${record} tells of peer ${short(peer.peer)} once more, or of too many.`;
      return this.#findings.add('record', text, { peer: peer.peer });
    }
    this.#indexes.set(peer.peer, this.#entries.length);
    this.#entries.push({ ...peer, results: 0 });
  }

  indexOf(peer: PeerId): number | undefined {
    return this.#indexes.get(peer);
  }

  peer(index: number): PeerId | undefined {
    return this.#entries[index]?.peer;
  }

  isCaught(index: number): boolean {
    return this.#entries[index]?.isCaught === true;
  }

  /** A result that it has signed. */
  countResult(index: number): void {
    const entry = this.#entries[index];
    if (entry !== undefined) entry.results += 1;
  }

  get voters(): readonly Voter[] {
    return this.#entries.map(({ peer, isCaught, passed }) => {
      return { isRequester: peer === this.requester, isCaught, passed };
    });
  }

  get withSignature(): number {
    return this.#entries.filter(({ results }) => results > 0).length;
  }

  get caught(): readonly PeerId[] {
    return this.#entries.filter(({ isCaught }) => isCaught).map(({ peer }) => peer);
  }

  /** By the requester's own count. */
  checkReturned(): void {
    for (const { peer, returned, results } of this.#entries) {
      if (results >= returned) continue;
      const text =
        `Peer ${short(peer)} has returned ${returned} results, and there are its signatures for ` +
        `${results}: statements are missing.`;
      this.#findings.add('missing-statement', text, { peer });
    }
  }
}
