import { describe, expect, test } from 'vitest';

import { limits } from '../../../../src/model/limits.ts';
import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import { KnownPeers } from '../../../../src/protocol/overlay/known-peers.ts';
import { knownNumbered, recordOf, recordsOf } from '../../../support/membership-fixtures.ts';
import { peerNumbered, self, startUnixMs } from '../../../support/protocol-fixtures.ts';

const DAY_MS = 24 * 3_600_000;

const met = (record: SignedRecord, dialled?: string) => ({ record, dialled });

const peersOf = (known: readonly { readonly peer: string }[]) => known.map(({ peer }) => peer);

describe('peers met before', () => {
  test('are given the last seen first', () => {
    const known = new KnownPeers(self, [knownNumbered(1), knownNumbered(2, startUnixMs - 1)]);
    known.met(met(recordOf(3)), startUnixMs);
    known.met(met(recordOf(2)), startUnixMs);
    expect(peersOf(known.lastFirst(startUnixMs))).toEqual([2, 3, 1].map(peerNumbered));
  });

  test('are forgotten when they misbehave, or were not seen for thirty days', () => {
    const old = knownNumbered(1, startUnixMs - 30 * DAY_MS);
    const known = new KnownPeers(self, [knownNumbered(2), knownNumbered(3), old]);
    known.forget(peerNumbered(2));
    expect(peersOf(known.lastFirst(startUnixMs))).toEqual([peerNumbered(3)]);
  });

  test('are never this peer, nor one that can’t be dialled', () => {
    const known = new KnownPeers(self, [{ ...knownNumbered(1), peer: self }]);
    known.met(met(recordOf(2, { addresses: [] })), startUnixMs);
    expect(known.lastFirst(startUnixMs)).toEqual([]);
  });

  test('are looked for where they were found, and then where they say that they are', () => {
    const known = new KnownPeers(self, []);
    const record = recordOf(1, { addresses: ['10.0.0.1:1', 'a.example.org:1', '8.8.8.8:1'] });
    known.met(met(record, 'a.example.org:1'), startUnixMs);
    const addresses = ['a.example.org:1', '10.0.0.1:1', '8.8.8.8:1'];
    expect(known.lastFirst(startUnixMs)).toMatchObject([{ addresses }]);
    const neighbours = [met(recordOf(2, { addresses: [] }), 'b.example.org:1')];
    expect(known.toKeep(neighbours, [], startUnixMs)[0]?.addresses).toEqual(['b.example.org:1']);
  });

  test('are bounded: the one seen longest ago is dropped', () => {
    const known = new KnownPeers(
      self,
      Array.from({ length: 1_000 }, (_, number) => knownNumbered(number)),
    );
    known.met(met(recordOf(5_000)), startUnixMs);
    const first = peersOf(known.lastFirst(startUnixMs));
    expect(first).toHaveLength(limits.knownPeersMax);
    expect(first.slice(0, 2)).toEqual([peerNumbered(5_000), peerNumbered(0)]);
    expect(first.at(-1)).toBe(peerNumbered(limits.knownPeersMax - 2));
  });
});

describe('what is kept for the next start', () => {
  test('neighbours come first, then the passive view, then others', () => {
    const known = new KnownPeers(self, [knownNumbered(1, 5 + startUnixMs - DAY_MS)]);
    const passive = [
      recordOf(2, { sequence: startUnixMs - 7 }),
      recordOf(4, { sequence: startUnixMs + 7 }),
    ];
    expect(known.toKeep([met(recordOf(3))], passive, startUnixMs)).toEqual([
      knownNumbered(3),
      knownNumbered(2, startUnixMs - 7),
      // Signed by a clock ahead of this one.
      knownNumbered(4),
      knownNumbered(1, 5 + startUnixMs - DAY_MS),
    ]);
  });

  test('nobody twice, nobody without an address, nobody who has expired', () => {
    const known = new KnownPeers(self, [knownNumbered(1, startUnixMs - 1)]);
    const expired = recordOf(2, { expiresAtMs: startUnixMs });
    const unreachable = recordOf(3, { addresses: [] });
    const neighbours = [met(recordOf(1)), met(unreachable)];
    const kept = known.toKeep(neighbours, [expired, recordOf(1)], startUnixMs);
    expect(kept).toEqual([knownNumbered(1)]);
  });

  test('as many as the bound says', () => {
    const known = new KnownPeers(self, []);
    const kept = known.toKeep([], recordsOf(1_000), startUnixMs);
    expect(kept).toHaveLength(limits.knownPeersMax);
  });
});
