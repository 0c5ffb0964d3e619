import { describe, expect, test } from 'vitest';

import { isFresh, OwnRecord } from '../../../../src/protocol/overlay/own-record.ts';
import {
  HOUR_MS,
  ownRecord,
  recordOf,
  signedRecord,
} from '../../../support/membership-fixtures.ts';
import { at, self, startUnixMs } from '../../../support/protocol-fixtures.ts';

function ownRecordOf(addresses = () => ownRecord.record.addresses): OwnRecord {
  return new OwnRecord({ self, addresses, features: ['computes'] });
}

describe('the own record', () => {
  test('is due at once, and again after half of its hour', () => {
    const own = ownRecordOf();
    expect(own.dueAtMs).toBe(0);
    expect(own.refresh(at(0))).toEqual([{ type: 'sign-record', record: ownRecord.record }]);
    expect(own.dueAtMs).toBe(HOUR_MS / 2);
    expect(own.refresh(at(HOUR_MS / 2 - 1))).toEqual([]);
    const { record } = ownRecord;
    const sequence = startUnixMs + HOUR_MS / 2;
    const refreshed = { ...record, sequence, expiresAtMs: sequence + HOUR_MS };
    expect(own.refresh(at(HOUR_MS / 2))).toEqual([{ type: 'sign-record', record: refreshed }]);
  });

  test('is signed anew when the addresses have changed, with a higher sequence', () => {
    const addresses = ['10.0.0.1:1'];
    const own = ownRecordOf(() => [...addresses]);
    own.refresh(at(0));
    addresses.push('10.0.0.2:1');
    const { record } = ownRecord;
    expect(own.refresh(at(0))).toEqual([
      { type: 'sign-record', record: { ...record, addresses, sequence: startUnixMs + 1 } },
    ]);
  });

  test('follows Unix time: after a sleep it is due although no time has passed', () => {
    const own = ownRecordOf();
    own.refresh(at(0));
    expect(own.refresh({ ms: 1, unixMs: startUnixMs + HOUR_MS })).toHaveLength(1);
  });

  test('signed while the clock was far ahead it is signed anew', () => {
    const own = ownRecordOf();
    own.refresh({ ms: 0, unixMs: startUnixMs + 24 * HOUR_MS });
    const [effect] = own.refresh(at(1));
    const sequence = startUnixMs + 24 * HOUR_MS + 1;
    const expiresAtMs = startUnixMs + 1 + HOUR_MS;
    const record = { ...ownRecord.record, sequence, expiresAtMs };
    expect(effect).toEqual({ type: 'sign-record', record });
  });

  test('is due later than now, however the clocks differ', () => {
    const own = ownRecordOf();
    own.refresh(at(0));
    const ms = HOUR_MS / 2;
    expect(own.refresh({ ms, unixMs: startUnixMs + ms - 0.001 })).toEqual([]);
    expect(own.dueAtMs).toBe(ms + 1);
  });

  test('can’t be had before it was signed', () => {
    const own = ownRecordOf();
    expect(() => own.signed).toThrow('was not signed');
    own.take(ownRecord);
    expect(own.signed).toBe(ownRecord);
  });

  test('tells which networks are not this peer’s own', () => {
    const own = ownRecordOf();
    expect(own.foreign(['9.9', '8.8'])).toEqual(['9.9', '8.8']);
    own.take(signedRecord({ ...ownRecord.record, addresses: ['10.0.0.1:1', '9.9.9.9:1'] }));
    expect(own.foreign(['9.9', '8.8'])).toEqual(['8.8']);
  });
});

test.each([
  [-1, false],
  [0, false],
  [1, true],
  [HOUR_MS * 1.5, true],
  [HOUR_MS * 1.5 + 1, false],
])('a record that expires in %i ms is fresh: %s', (leftMs, fresh) => {
  const record = recordOf(1, { expiresAtMs: startUnixMs + leftMs });
  expect(isFresh(record, startUnixMs)).toBe(fresh);
});
