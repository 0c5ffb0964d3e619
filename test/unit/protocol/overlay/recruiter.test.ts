import { beforeEach, describe, expect, test } from 'vitest';

import type { SignedRecord } from '../../../../src/model/peer-record.ts';
import { fillPauseMs } from '../../../../src/protocol/overlay/recruiter.ts';
import {
  addressNumbered,
  admit,
  accept,
  choose,
  dialsOf,
  knownNumbered,
  memberOf,
  optionsOf,
  ownRecord,
  reach,
  recordOf,
  recordsOf,
  saidOf,
  say,
  tell,
  visitNobody,
} from '../../../support/membership-fixtures.ts';
import { Membership } from '../../../../src/protocol/overlay/membership.ts';
import { createRandom } from '../../../../src/protocol/random.ts';
import { at, peerNumbered, startUnixMs } from '../../../support/protocol-fixtures.ts';

// To look at, a visitor's dial is like a recruiter's.
beforeEach(visitNobody);

test.each([
  [0, 0, 0],
  [1, 0, 250],
  [4, 2, 2_000],
  [9, 2, 2_000],
  [1, 3, 250],
  [7, 3, 16_000],
  [8, 4, 30_000],
  [1_000, 4, 30_000],
])('after %i dials for nothing, with %i neighbours, the next waits %i ms', (times, size, ms) => {
  expect(fillPauseMs(times, size)).toBe(ms);
});

describe('the way in', () => {
  test('the first tick has the own record signed and dials entrances, three at a time', () => {
    const entrances = ['a:1', 'b:1', 'c:1', 'd:1'];
    const member = new Membership(optionsOf({ entrances }), createRandom(1));
    expect(member.dueAtMs).toBe(0);
    expect(member.tick(at(0))).toEqual([
      { type: 'sign-record', record: ownRecord.record },
      { type: 'dial', address: 'a:1' },
      { type: 'dial', address: 'b:1' },
      { type: 'dial', address: 'c:1' },
    ]);
    expect(member.recordSigned(ownRecord, at(0))).toEqual([]);
    expect(member.dialFailed('b:1', at(1))).toEqual([{ type: 'dial', address: 'd:1' }]);
  });

  test('an entrance that fails is tried for ever, ever more seldom', () => {
    const member = memberOf({ entrances: ['a:1'] });
    const dialledAtMs: number[] = [];
    member.dialFailed('a:1', at(0));
    for (let ms = 0; ms < 3_600_000; ms = member.dueAtMs) {
      if (dialsOf(member.tick(at(ms))).length === 0) continue;
      dialledAtMs.push(ms);
      member.dialFailed('a:1', at(ms));
    }
    const pauses = dialledAtMs.slice(1).map((ms, index) => ms - (dialledAtMs[index] ?? 0));
    expect(pauses[0]).toBeLessThanOrEqual(2_500);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(75_000);
    expect(pauses.slice(8).every((ms) => ms >= 45_000)).toBe(true);
  });

  test('without entrances it is whom it knew before, the last seen first', () => {
    const known = [1, 2, 3, 4].map((number) => knownNumbered(number));
    const member = new Membership(optionsOf({ known }), createRandom(1));
    const dials = member.tick(at(0)).slice(1);
    expect(dials).toEqual(
      [1, 2, 3].map((number) => ({
        type: 'dial',
        address: addressNumbered(number),
        expected: peerNumbered(number),
      })),
    );
    member.recordSigned(ownRecord, at(0));
    expect(saidOf(reach(member, 1)).map(([, { type }]) => type)).toEqual(['join']);
  });

  test('when no entrance answers, it is whom it knew before', () => {
    const member = memberOf({ entrances: ['a:1'], known: [knownNumbered(1)] });
    expect(dialsOf(member.dialFailed('a:1', at(10)))).toEqual([addressNumbered(1)]);
  });

  test('an entrance where a neighbour is is not dialled', () => {
    const member = memberOf({ entrances: [addressNumbered(1)] });
    reach(member, 1);
    accept(member, 1);
    expect(dialsOf(member.tick(at(600_000)))).toEqual([]);
    member.linkDown(peerNumbered(1), false, at(600_001));
    expect(dialsOf(member.tick(at(602_000)))).toEqual([addressNumbered(1)]);
  });
});

const TELLER = 60_000;

describe('missing neighbours', () => {
  test('alone, ten peers of hearsay are dialled at once', () => {
    const member = memberOf();
    tell(member, recordsOf(40));
    const dials = dialsOf(member.tick(at(2_000)));
    expect(new Set(dials).size).toBe(10);
  });

  test('with four neighbours, one is dialled', () => {
    const member = memberOf();
    choose(member, [1, 2, 3, 4]);
    tell(member, recordsOf(40, 10));
    expect(dialsOf(member.tick(at(2_000)))).toHaveLength(1);
  });

  test('after a crash of all that it knows a whole view has been tried at once', () => {
    const member = memberOf();
    tell(member, recordsOf(60));
    const waiting = dialsOf(member.tick(at(2_000)));
    let tried = 0;
    for (let dial = waiting.shift(); dial !== undefined; dial = waiting.shift()) {
      tried += 1;
      waiting.push(...dialsOf(member.dialFailed(dial, at(2_000))));
    }
    expect(tried).toBe(60);
    expect(member.passive.size).toBe(0);
  });

  test('a peer that could not be reached is not believed in again by the same record', () => {
    const member = memberOf();
    tell(member, [recordOf(1)]);
    const [dial = ''] = dialsOf(member.tick(at(2_000)));
    member.dialFailed(dial, at(2_001));
    tell(member, [recordOf(1)], 3_000);
    expect(member.passive.size).toBe(0);
    tell(member, [recordOf(1, { sequence: startUnixMs + 1 })], 4_000);
    expect(member.passive.size).toBe(1);
  });

  test('a peer with several addresses is given up when none of them answers', () => {
    const member = memberOf();
    tell(member, [recordOf(1, { addresses: ['10.0.0.1:1', '8.8.8.8:1'] })]);
    expect(dialsOf(member.tick(at(2_000)))).toEqual(['10.0.0.1:1']);
    expect(dialsOf(member.dialFailed('10.0.0.1:1', at(2_001)))).toEqual(['8.8.8.8:1']);
    member.dialFailed('8.8.8.8:1', at(2_002));
    expect(member.passive.size).toBe(0);
  });

  test('of many refusals in a row each makes the next dial wait longer', () => {
    const member = memberOf();
    choose(member, [1, 2, 3, 4]);
    tell(member, recordsOf(40, 10));
    let dials = 0;
    for (let ms = member.dueAtMs; ms < 300_000; ms = member.dueAtMs) {
      for (const address of dialsOf(member.tick(at(ms)))) {
        dials += 1;
        const number =
          10 + recordsOf(40, 10).findIndex(({ record }) => record.addresses[0] === address);
        reach(member, number, ms);
        say(member, number, { type: 'refuse', peers: [] }, ms);
      }
    }
    // Some quickly, then one in half a minute.
    expect(dials).toBeGreaterThan(10);
    expect(dials).toBeLessThan(25);
  });

  test('when one is lost, those who have refused before do not make it wait', () => {
    const member = memberOf();
    choose(member, [1, 2, 3, 4]);
    tell(member, recordsOf(40, 10));
    const refuse = (address: string | undefined, ms: number): void => {
      const isThere = ({ record }: SignedRecord): boolean => record.addresses[0] === address;
      const number = 10 + recordsOf(40, 10).findIndex(isThere);
      reach(member, number, ms);
      say(member, number, { type: 'refuse', peers: [] }, ms);
    };
    let ms = 0;
    for (; ms < 60_000; ms = member.dueAtMs) refuse(dialsOf(member.tick(at(ms)))[0], ms);
    const [dialled] = dialsOf(member.linkDown(peerNumbered(1), false, at(ms)));
    expect(dialled).toBeDefined();
    refuse(dialled, ms);
    expect(dialsOf(member.tick(at(ms + 313)))).toHaveLength(1);
  });

  test('with a neighbour, entrances that do not answer are tried one after the other', () => {
    const member = memberOf({ entrances: ['a:1', 'b:1'] });
    choose(member, [1]);
    for (const address of ['a:1', 'b:1']) member.dialFailed(address, at(10));
    const [first = ''] = dialsOf(member.tick(at(3_000)));
    expect(dialsOf(member.dialFailed(first, at(3_001)))).toEqual([]);
    expect(dialsOf(member.tick(at(4_300)))).toEqual([first === 'a:1' ? 'b:1' : 'a:1']);
  });

  test('addresses that others make up are dialled 64 times at once, then once a second', () => {
    const member = memberOf();
    const dialled: string[] = [];
    for (let ms = 0; ms < 60_000; ms += 100) {
      reach(member, TELLER, ms);
      const waiting = dialsOf(accept(member, TELLER, ms, recordsOf(16, 1 + ms)));
      waiting.push(...dialsOf(member.linkDown(peerNumbered(TELLER), false, at(ms))));
      for (let dial = waiting.shift(); dial !== undefined; dial = waiting.shift()) {
        if (dial !== addressNumbered(TELLER)) dialled.push(dial);
        waiting.push(...dialsOf(member.dialFailed(dial, at(ms))));
      }
    }
    const dials = dialled.length;
    expect(dials).toBeGreaterThan(64);
    expect(dials).toBeLessThanOrEqual(64 + 60);
  });

  test('a dial that comes to no end counts as failed', () => {
    const member = memberOf({ entrances: ['a:1'] });
    expect(member.tick(at(19_999))).toEqual([]);
    member.tick(at(20_000));
    expect(dialsOf(member.tick(at(21_300)))).toEqual(['a:1']);
  });
});

describe('a full view', () => {
  /** They were neighbours, and are known since. */
  function meet(member: Membership, numbers: readonly number[]): void {
    for (const number of numbers) {
      choose(member, [number]);
      say(member, number, { type: 'disconnect' });
    }
  }

  function rotationOf(member: Membership, fromMs: number): { address: string; ms: number } {
    for (let ms = Math.max(fromMs, member.dueAtMs); ms < 3_600_000; ms = member.dueAtMs) {
      const [address] = dialsOf(member.tick(at(ms)));
      if (address !== undefined) return { address, ms };
    }
    throw new Error('it never looked for another neighbour');
  }

  test('changes a neighbour every few minutes: the one that was chosen longest ago', () => {
    const member = memberOf();
    meet(member, [10]);
    admit(member, [1, 2]);
    choose(member, [3, 4, 5]);
    const { address, ms } = rotationOf(member, 0);
    expect(address).toBe(addressNumbered(10));
    expect(ms).toBeGreaterThan(150_000);
    expect(ms).toBeLessThan(450_000);
    const asked = { type: 'neighbour', record: ownRecord, priority: 'low' };
    expect(saidOf(reach(member, 10, ms))).toEqual([[peerNumbered(10), asked]]);
    expect(accept(member, 10, ms)).toEqual([
      { type: 'send-overlay', to: peerNumbered(3), message: { type: 'disconnect' } },
      { type: 'hang-up', peer: peerNumbered(3) },
      { type: 'neighbour-down', peer: peerNumbered(3) },
      { type: 'neighbour-up', peer: peerNumbered(10) },
    ]);
  });

  test('that strangers have filled gets two neighbours of its own choice', () => {
    const member = memberOf();
    meet(
      member,
      Array.from({ length: 20 }, (_, index) => 10 + index),
    );
    admit(member, [1, 2, 3, 4, 5]);
    for (let times = 0, ms = 0; times < 6; times++) {
      const rotation = rotationOf(member, ms);
      ms = rotation.ms;
      const number =
        10 + recordsOf(20, 10).findIndex(({ record }) => record.addresses[0] === rotation.address);
      reach(member, number, ms);
      accept(member, number, ms);
    }
    expect([1, 2, 3].every((number) => member.neighbours.has(peerNumbered(number)))).toBe(true);
    expect(member.neighbours.size).toBe(5);
  });

  test('now and then tries an entrance, which no stranger can have made up', () => {
    const member = memberOf({ entrances: ['a:1'] });
    member.dialFailed('a:1', at(0));
    choose(member, [1, 2, 3, 4, 5]);
    const { address } = rotationOf(member, 0);
    expect(address).toBe('a:1');
  });

  test('tries an entrance as often as all whom it met: it may have forgotten everybody', () => {
    const first = (seed: number): string => {
      const member = memberOf({ entrances: ['a:1'] }, seed);
      member.dialFailed('a:1', at(0));
      meet(
        member,
        Array.from({ length: 20 }, (_, index) => 10 + index),
      );
      choose(member, [1, 2, 3, 4, 5]);
      return rotationOf(member, 0).address;
    };
    const dialled = Array.from({ length: 200 }, (_, seed) => first(seed));
    // An eighth, where one of 21 would be two or three.
    expect(dialled.filter((address) => address === 'a:1').length).toBeGreaterThan(15);
  });
});
