/**
 * A requester is cut off from its volunteers in the middle of a job, and the cut is healed. What
 * the volunteers computed meanwhile must count, and nothing must be computed twice because of it.
 *
 * Modelled: all streams between the two sides break without a word, and both find out by silence
 * or when their packets come back to nothing. Chunks take some seconds, so that a cut meets many in
 * the middle; one vote is enough, so that a second one of any chunk is work for nothing.
 */

import { Simulator } from '../simulator.ts';

export type CutJobOptions = {
  readonly seed: number;
  readonly volunteers: number;
  readonly chunks: number;
  readonly chunkMs: number;
  readonly cutMs: number;
};

export type CutJobFigures = {
  readonly accepted: number;
  /** Chunks computed to the end, and sent back: more than accepted are work for nothing. */
  readonly returned: number;
  readonly wallMs: number;
  /** Results that wait for a requester, a minute after the job. */
  readonly undelivered: number;
};

/** Into the job: all have their first leases by then. */
const CUT_AFTER_MS = 20_000;
/** Of virtual time. */
const PATIENCE_MS = 3_600_000;

export function cutJob({ seed, volunteers, ...job }: CutJobOptions): CutJobFigures {
  const { chunks, chunkMs, cutMs } = job;
  const simulator = new Simulator({ seed });
  const owner = simulator.addPeer({ conduct: { slots: 0 } });
  const entrances = [owner.address];
  const others = Array.from({ length: volunteers }, () => simulator.addPeer({ entrances }));
  simulator.runFor(30_000);
  const own = simulator.submit(owner, { chunks, chunkMs, quorum: 1 });
  simulator.runFor(CUT_AFTER_MS);
  simulator.partition([owner], others);
  simulator.runFor(cutMs);
  simulator.heal();
  simulator.runUntil(() => own.state !== 'running', PATIENCE_MS);
  simulator.runFor(60_000);
  const { contributions = [], accepted = 0, wallMs = Infinity } = own.report ?? {};
  const waiting = others.map(({ peer }) => sum(peer.status().unsent.values()));
  return {
    accepted,
    returned: sum(contributions.map(({ returned }) => returned)),
    wallMs,
    undelivered: sum(waiting),
  };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
