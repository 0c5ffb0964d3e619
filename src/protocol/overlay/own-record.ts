/**
 * What this peer says of itself, signed anew before others forget it, and whenever its addresses
 * have changed. Nobody is told of a new record at once: the next shuffles carry it.
 */

import type { PeerId } from '../../model/ids.ts';
import { addressPrefixes } from '../../model/network-prefix.ts';
import type { PeerRecord, SignedRecord } from '../../model/peer-record.ts';
import type { Effect, Now } from '../events.ts';

/** So long is a peer that has gone still named by others; a guess. */
const VALID_MS = 3_600_000;
const REFRESH_MS = VALID_MS / 2;
/** What is valid for longer is not believed: a clock may be this far off. A guess. */
const CLOCK_SLACK_MS = 30 * 60_000;

export type OwnRecordOptions = {
  readonly self: PeerId;
  /** Where others reach this peer. */
  readonly addresses: () => readonly string[];
  readonly features: readonly string[];
};

/** Whether a record may be believed and passed on. */
export function isFresh({ record }: SignedRecord, unixMs: number): boolean {
  const { expiresAtMs } = record;
  return expiresAtMs > unixMs && expiresAtMs <= unixMs + VALID_MS + CLOCK_SLACK_MS;
}

export class OwnRecord {
  readonly #options: OwnRecordOptions;
  #asked: PeerRecord | undefined;
  #signed: SignedRecord | undefined;
  #prefixes: readonly string[] = [];
  #dueAtMs = 0;

  constructor(options: OwnRecordOptions) {
    this.#options = options;
  }

  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  get signed(): SignedRecord {
    if (this.#signed === undefined) throw new Error('the own record was not signed at the start');
    return this.#signed;
  }

  /** Asks for a signature if one is due. Unix time decides, since by it others forget. */
  refresh({ ms, unixMs }: Now): Effect[] {
    const addresses = this.#options.addresses();
    const asked = this.#asked;
    if (asked !== undefined && isSame(asked.addresses, addresses)) {
      const leftMs = asked.expiresAtMs - unixMs;
      if (leftMs > VALID_MS - REFRESH_MS && leftMs <= VALID_MS + CLOCK_SLACK_MS) {
        this.#dueAtMs = ms + Math.max(leftMs - REFRESH_MS, 1);
        return [];
      }
    }
    const { self: peer, features } = this.#options;
    const sequence = Math.max(unixMs, (asked?.sequence ?? 0) + 1);
    const record = { peer, addresses, features, sequence, expiresAtMs: unixMs + VALID_MS };
    this.#asked = record;
    this.#dueAtMs = ms + REFRESH_MS;
    return [{ type: 'sign-record', record }];
  }

  take(signed: SignedRecord): void {
    this.#signed = signed;
    this.#prefixes = addressPrefixes(signed.record.addresses);
  }

  /**
   * Those of a network prefix that are to be counted. A peer's own is not: a laboratory may have
   * all its machines in one network.
   */
  foreign(prefixes: readonly string[]): readonly string[] {
    if (this.#prefixes.length === 0) return prefixes;
    return prefixes.filter((prefix) => !this.#prefixes.includes(prefix));
  }
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((item, index) => item === others[index]);
}
