import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { Now, PeerEvent } from '../../../src/protocol/events.ts';
import { ClockWatch } from '../../../src/runtime/clock-watch.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { peerNumbered, recordOf } from '../../support/protocol-fixtures.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START: Now = { ms: 1_000, unixMs: 1_800_000_000_000 };

test('whose clock is right is told nothing, however old the records are that it meets', () => {
  const { meet, told } = watch();
  for (const ageMs of [0, 1, 10, 29, 31, -1]) meet(ageMs * MINUTE_MS);
  expect(told()).toEqual([]);
});

test.each([
  ['behind', -HOUR_MS, '1 h or more behind'],
  ['ahead', 2 * HOUR_MS, '1 h 30 min or more ahead'],
])('a clock that is %s is told of once most peers agree on it', (_way, offMs, text) => {
  const { meet, told } = watch();
  meet(offMs);
  meet(offMs);
  expect(told()).toEqual([]);
  meet(offMs);
  const message = `the clock of this machine is ${text}, by those of most peers that it has met: \
set it right, or it finds no work and no volunteers`;
  expect(told()).toEqual([[40, message]]);
  for (let count = 0; count < 20; count++) meet(offMs);
  expect(told()).toHaveLength(1);
});

test('some peers whose clocks are wrong say nothing of this one', () => {
  const { meet, told } = watch();
  for (const offMs of [HOUR_MS, -HOUR_MS, 0, HOUR_MS, 0, -HOUR_MS, 0, HOUR_MS, HOUR_MS]) {
    meet(offMs);
  }
  expect(told()).toEqual([]);
});

test('one peer that comes again and again is one witness', () => {
  const { meet, told } = watch();
  for (let count = 0; count < 20; count++) meet(-HOUR_MS, 7);
  expect(told()).toEqual([]);
});

test('a clock that is set, and a machine that has slept, are told of as they happen', () => {
  const { pass, told } = watch();
  pass({ ms: MINUTE_MS, unixMs: MINUTE_MS });
  pass({ ms: MINUTE_MS, unixMs: MINUTE_MS - HOUR_MS });
  pass({ ms: 10, unixMs: 10 + HOUR_MS });
  expect(told()).toEqual([
    [40, 'the clock was set back by 1 h'],
    [30, 'this machine has slept for 1 h, or its clock was set ahead'],
  ]);
});

function watch() {
  const lines: string[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      lines.push(line.toString());
      done();
    },
  });
  const clocks = new ClockWatch(createLog({ level: 'info', stream }));
  let now = START;
  let met = 0;
  /** By a peer with a right clock that signed its record just now, or long ago. */
  const meet = (ageMs: number, number = (met += 1)): void => {
    const from = peerNumbered(number);
    const record = recordOf(from, { sequence: now.unixMs - ageMs });
    const event: PeerEvent = { type: 'overlay-message', from, message: { type: 'visit', record } };
    clocks.observe(event, now);
  };
  const pass = ({ ms, unixMs }: Now): void => {
    clocks.observe({ type: 'tick' }, now);
    now = { ms: now.ms + ms, unixMs: now.unixMs + unixMs };
    clocks.observe({ type: 'tick' }, now);
  };
  const told = (): unknown[] =>
    lines.map((line) => {
      const { level, msg }: { level: number; msg: string } = JSON.parse(line);
      return [level, msg];
    });
  return { meet, pass, told };
}
