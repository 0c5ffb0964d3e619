/**
 * What was seen of peers, on its way to the disk. Without it they are strangers at the next start,
 * which costs work and nothing else: so a disk that is full is told of and tried again. What it
 * could not take is kept here until then, of each peer the last.
 */

import { reasonOf } from '../model/errors.ts';
import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Standing } from '../model/standing.ts';
import type { Clock } from '../ports.ts';
import type { Logger } from './log.ts';

/** Standings are written every few seconds; a disk that stays full is told of this often. */
const TOLD_EVERY_MS = 3_600_000;

export type StandingsKeeperComponents = {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
};

export class StandingsKeeper {
  readonly #components: StandingsKeeperComponents;
  readonly #unwritten = new Map<PeerId, Standing>();
  #toldAtMs = -Infinity;

  constructor(components: StandingsKeeperComponents) {
    this.#components = components;
  }

  keep(standings: readonly Standing[]): void {
    for (const standing of standings) {
      this.#unwritten.delete(standing.peer);
      this.#unwritten.set(standing.peer, standing);
    }
    for (const oldest of this.#unwritten.keys()) {
      if (this.#unwritten.size <= limits.standingsMax) break;
      this.#unwritten.delete(oldest);
    }
  }

  /** All that is to be written. */
  take(): readonly Standing[] {
    const all = [...this.#unwritten.values()];
    this.#unwritten.clear();
    return all;
  }

  /** They could not be written. */
  failed(standings: readonly Standing[], error: unknown): void {
    if (standings.length === 0) return;
    this.keep([...standings, ...this.take()]);
    const { clock, log } = this.#components;
    if (clock.nowMs() - this.#toldAtMs < TOLD_EVERY_MS) return;
    this.#toldAtMs = clock.nowMs();
    const reason = reasonOf(error);
    log.warn({ reason }, `what was seen of peers can't be kept: ${reason}`);
  }
}
