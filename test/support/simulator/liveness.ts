/**
 * The second half of a simulation: safety was looked at all the time while things broke; now they
 * stop breaking, and what can be finished has to be.
 */

import type { SimulatedJob } from './simulated-job.ts';
import type { Simulator } from './simulator.ts';

/**
 * Mends the network and wakes who is frozen, and lets time pass until no job runs. Peers that are
 * down stay down.
 * @param withinMs virtual time that this may take
 * @throws {Error} naming the jobs that have not ended, and why
 */
export function settle(simulator: Simulator, withinMs: number): void {
  simulator.heal();
  for (const peer of simulator.peers) {
    simulator.slow(peer, 1);
    peer.host.thaw();
  }
  const jobs = [...simulator.jobs.values()];
  const areOver = (): boolean => jobs.every(({ state }) => state !== 'running');
  if (simulator.runUntil(areOver, withinMs, 100)) return;
  const waiting = jobs.filter(({ state }) => state === 'running');
  const lines = waiting.map((job) => `  ${stateOf(simulator, job)}`);
  throw new Error(
    `not done within ${withinMs} ms of peace:\n${lines.join('\n')}\n${simulator.describe()}`,
  );
}

function stateOf(simulator: Simulator, job: SimulatedJob): string {
  const owner = simulator.peers.find(({ jobs }) => jobs.includes(job));
  const progress = owner?.peer.ownJob(job.id)?.progress(owner.now().ms);
  const why = progress?.stalled ?? `${progress?.inFlight ?? 0} chunks are out`;
  return `#${owner?.number} ${job.spec.name}: ${job.results.size} of ${job.chunks} chunks; ${why}`;
}
