/**
 * Many peers compute one job at one requester, some of them wrong results, all of those together:
 * what is accepted, and what it costs. No network and no time: in each round every peer, in random
 * order, gives back what it holds and takes one lease more. The table is the real one, so is all
 * that it decides by.
 *
 * Modelled: saboteurs that lie in a share of their results, by chance, and all tell the same lie
 * about a chunk; that know of each other whether a chunk was lied about, and of nothing else; that
 * stay out once caught, or come back at once under a new name. Not modelled: peers of different
 * speed, failures, leases that expire.
 */

import type { Digest, PeerId } from '../../src/model/ids.ts';
import type { Lease } from '../../src/model/replica.ts';
import type { JobTable } from '../../src/protocol/job-table.ts';
import { type Random, sample } from '../../src/protocol/random.ts';
import { digestNumbered, peerNumbered } from './protocol-fixtures.ts';

export type VerificationOptions = {
  readonly table: JobTable;
  readonly random: Random;
  readonly peers: number;
  readonly chunks: number;
  /** The share of peers that are saboteurs. */
  readonly faulty: number;
  /** The share of their results that is wrong. */
  readonly sabotageRate: number;
  /** Whether the caught come back under new names. */
  readonly renamed: boolean;
  readonly isCaught: (peer: PeerId) => boolean;
};

export type VerificationFigures = {
  /** Share of the accepted results. */
  readonly wrong: number;
  /** Results computed for each chunk, spot-checks included. */
  readonly workPerChunk: number;
  readonly caught: number;
  /** Peers that were caught and never lied. */
  readonly caughtByMistake: number;
};

type Computing = { peer: PeerId; readonly isFaulty: boolean; leases: Lease[] };

/** Rounds without a chunk accepted: nobody here may decide the rest. */
const STUCK_ROUNDS = 200;

export function verification(options: VerificationOptions): VerificationFigures {
  const { table, random, peers, chunks, faulty, sabotageRate, renamed, isCaught } = options;
  table.addChunks(chunks);
  table.endSplit();
  const faultyCount = Math.round(peers * faulty);
  const everybody: Computing[] = Array.from({ length: peers }, (_, index) => {
    return { peer: peerNumbered(index + 1), isFaulty: index < faultyCount, leases: [] };
  });
  let names = peers;
  let work = 0;
  let caught = 0;
  let caughtByMistake = 0;
  const stored = new Map<number, Digest>();
  const accepted = new Set<number>();
  const right = (chunk: number): Digest => digestNumbered(2 * chunk);
  const wrong = (chunk: number): Digest => digestNumbered(2 * chunk + 1);
  let nowMs = 0;
  let stuck = 0;
  while (accepted.size < chunks && stuck < STUCK_ROUNDS) {
    const before = accepted.size;
    for (const each of sample(random, everybody, peers)) {
      nowMs += 1;
      for (const { lease, chunk } of each.leases) {
        const lies = each.isFaulty && random.next() < sabotageRate;
        const digest = lies ? wrong(chunk) : right(chunk);
        const outcome = { type: 'result', digest, value: new Uint8Array() } as const;
        work += 1;
        const settlement = table.result(each.peer, { lease, chunk, outcome, computeMs: 1 }, nowMs);
        if (settlement.type === 'accepted') {
          accepted.add(settlement.chunk);
          stored.set(settlement.chunk, settlement.digest);
        }
        if (settlement.type === 'job-failed') throw new Error('the job failed');
        if (settlement.type !== 'moved') continue;
        for (const result of settlement.stored) stored.set(result.chunk, result.digest);
        for (const again of settlement.reopened) accepted.delete(again);
        for (const done of settlement.accepted) accepted.add(done);
        caught += settlement.caught.length;
        for (const peer of settlement.caught) {
          const who = everybody.find((other) => other.peer === peer);
          if (who?.isFaulty === false) caughtByMistake += 1;
        }
      }
      if (isCaught(each.peer) && renamed) {
        names += 1;
        each.peer = peerNumbered(names);
      }
      each.leases = table.lease(each.peer, 1, nowMs);
    }
    stuck = accepted.size > before ? 0 : stuck + 1;
  }
  let mistakes = 0;
  for (const chunk of accepted) mistakes += stored.get(chunk) === right(chunk) ? 0 : 1;
  return {
    wrong: mistakes / chunks,
    workPerChunk: accepted.size === chunks ? work / chunks : Infinity,
    caught,
    caughtByMistake,
  };
}
