/** How long leases of one job take until their result is back, and what follows from that. */

import { MovingMean } from '../estimate.ts';
import { leaseLengthMs, twinAfterMs } from './grant.ts';

/** New samples weigh a twentieth: a batch of results is one event, not many. */
const SAMPLE_WEIGHT = 0.05;

export class Turnaround {
  readonly #wallMsMax: number;
  readonly #mean = new MovingMean(SAMPLE_WEIGHT);

  /** @param wallMsMax that the job allows a chunk */
  constructor(wallMsMax: number) {
    this.#wallMsMax = wallMsMax;
  }

  add(tookMs: number): void {
    this.#mean.add(tookMs);
  }

  /** How long a lease made now lasts. */
  get leaseMs(): number {
    return leaseLengthMs(this.#wallMsMax, this.#mean.value);
  }

  /** How old a lease in the tail must be before the chunk is leased again elsewhere. */
  get twinAfterMs(): number {
    return twinAfterMs(this.#mean.value);
  }
}
