/** What a peer makes of the chunks it is given. */

export type ComputeConduct = {
  /** Threads; 0 for a peer that only requests and relays. */
  readonly slots: number;
  /** Its time for a chunk, as a multiple of what the job says. */
  readonly slowness: number;
  /** A chunk takes up to so much of its time longer. */
  readonly spread: number;
  /** Share of wrong results. */
  readonly wrongShare: number;
  /** Wrong together: whoever else lies about the chunk gives the same result. */
  readonly colludes: boolean;
  /** Share of chunks that fail although they are all right. */
  readonly failShare: number;
  /** Share of runs that never come back. */
  readonly hangShare: number;
};

export const honest: ComputeConduct = {
  slots: 2,
  slowness: 1,
  spread: 0.2,
  wrongShare: 0,
  colludes: false,
  failShare: 0,
  hangShare: 0,
};
