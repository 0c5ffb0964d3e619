/** What this peer has seen of another, as it is kept. */

import type { PeerId } from './ids.ts';

export type Standing = {
  readonly peer: PeerId;
  /** Spot-checks that it passed, as of `seenAtMs`. */
  readonly passed: number;
  /** It returned a wrong result, or said of a right one that it is wrong. */
  readonly isCaught: boolean;
  /** How that was found out, for a person; absent where it was not, or is not known any more. */
  readonly why?: string;
  /** Unix time of the last spot-check; 0 of who was caught by others and never met. */
  readonly seenAtMs: number;
};
