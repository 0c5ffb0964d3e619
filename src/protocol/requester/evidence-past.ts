/**
 * What a table that believes on evidence has to know to go on where an earlier process stopped. Who
 * was caught since has said nothing: chunks that rested on it were opened again then.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Acceptances } from './acceptances.ts';
import type { ChunkSource } from './chunk-source.ts';
import { CUT_MS_MAX } from './grant.ts';
import { type JobPast, votedOn } from './job-past.ts';
import type { LeaseBook } from './lease-book.ts';
import { OpenChunk } from './open-chunk.ts';
import type { Standings } from '../standings.ts';
import type { VerifiedChunks } from './verified-chunks.ts';
import type { Votes } from './votes.ts';

export type EvidencePastParts = {
  readonly book: LeaseBook;
  readonly source: ChunkSource;
  readonly accepted: Acceptances;
  readonly verified: VerifiedChunks;
  readonly votes: Votes;
  /** Gets the chunks that are to be judged. */
  readonly unsettled: Set<OpenChunk>;
  readonly standings: Standings;
  readonly leaseMs: number;
  readonly nowMs: number;
};

export function resumeEvidence(past: JobPast, parts: EvidencePastParts): void {
  const { book, source, accepted, verified, votes, unsettled, standings, leaseMs, nowMs } = parts;
  const isHeard = (peer: PeerId): boolean => !standings.isCaught(peer);
  for (const { chunk, digest, peers } of past.accepted) {
    accepted.add(chunk, digest, peers.filter(isHeard));
    verified.add(chunk, digest, peers);
  }
  const opens = votedOn(past, isHeard);
  for (const { chunk } of past.leases) {
    if (!opens.has(chunk)) opens.set(chunk, new OpenChunk(chunk));
  }
  source.resume(past, opens.values());
  const times = { nowMs, deadlineMs: nowMs + leaseMs, keptUntilMs: nowMs + CUT_MS_MAX };
  book.resume(past, (chunk) => opens.get(chunk), times);
  for (const open of opens.values()) {
    open.stored = past.stored.get(open.chunk);
    for (const { peers } of open.groups) for (const peer of peers) votes.add(peer, open);
    source.waiting.reconsider(open);
    unsettled.add(open);
  }
}
