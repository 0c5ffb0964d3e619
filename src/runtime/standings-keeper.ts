/**
 * What was seen of peers, on its way to the disk. Without it they are strangers at the next start,
 * which costs work and nothing else: so a disk that is full is told of and tried again. What it
 * could not take is kept here until then, of each peer the last.
 */

import type { PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { Standing } from '../model/standing.ts';
import { LastingTrouble, type LastingTroubleComponents } from './lasting-trouble.ts';

export class StandingsKeeper {
  readonly #unwritten = new Map<PeerId, Standing>();
  readonly #trouble: LastingTrouble;

  constructor(components: LastingTroubleComponents) {
    this.#trouble = new LastingTrouble("what was seen of peers can't be kept", components);
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
    this.#trouble.tell(error);
  }
}
