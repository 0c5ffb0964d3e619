/** What a requester has seen of a peer, as it is kept. */

import type { PeerId } from './ids.ts';

export type Standing = {
  readonly peer: PeerId;
  /** Spot-checks that it passed, as of `seenAtMs`. */
  readonly passed: number;
  /** It returned a wrong result. */
  readonly isCaught: boolean;
  /** Unix time of the last spot-check. */
  readonly seenAtMs: number;
};
