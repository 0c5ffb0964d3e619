import { describe, expect, test } from 'vitest';

import type { Effect } from '../../../../src/protocol/events.ts';
import { Errands } from '../../../../src/protocol/overlay/errands.ts';
import { anna, bert, dora, peerNumbered, recordOf } from '../../../support/protocol-fixtures.ts';

const { record } = recordOf(dora);
const dialled: Effect = { type: 'dial', address: 'dora:1', expected: dora };
const told = (to: typeof anna, id: number, reached: boolean): Effect => ({
  type: 'send-overlay',
  to,
  message: { type: 'probe-result', id, reached },
});

describe('a peer that is no neighbour', () => {
  test('is dialled, and hung up on when it is there', () => {
    const errands = new Errands();
    expect(errands.ask(anna, 7, record, false, 1_000)).toEqual([dialled]);
    expect(errands.linkUp(dora, 'dora:1')).toEqual([
      told(anna, 7, true),
      { type: 'hang-up', peer: dora },
    ]);
    expect(errands.linkUp(dora, 'dora:1')).toEqual([]);
  });

  test('that dials at the same time keeps its link', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, false, 1_000);
    expect(errands.linkUp(dora, undefined)).toEqual([told(anna, 7, true)]);
  });

  test('that is dialled elsewhere to be a neighbour keeps its link', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, false, 1_000);
    expect(errands.linkUp(dora, 'dora.elsewhere:1')).toEqual([told(anna, 7, true)]);
  });

  test('is not reached when the dial fails', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, false, 1_000);
    expect(errands.dialFailed('elsewhere:1')).toBeUndefined();
    expect(errands.dialFailed('dora:1')).toEqual([told(anna, 7, false)]);
    expect(errands.dialFailed('dora:1')).toBeUndefined();
  });

  test('is not reached when it takes too long, and hung up on when it is there later', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, false, 1_000);
    expect([errands.dueAtMs, errands.tick(3_499)]).toEqual([3_500, []]);
    expect(errands.tick(3_500)).toEqual([told(anna, 7, false)]);
    expect(errands.dueAtMs).toBe(Infinity);
    expect(errands.ask(bert, 8, record, false, 3_600)).toEqual([told(bert, 8, false)]);
    expect(errands.linkUp(dora, 'dora:1')).toEqual([{ type: 'hang-up', peer: dora }]);
  });

  test('is dialled once however many ask', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, false, 1_000);
    expect(errands.ask(bert, 3, record, false, 1_500)).toEqual([]);
    expect(errands.dialFailed('dora:1')).toEqual([told(anna, 7, false), told(bert, 3, false)]);
  });

  test('is not reached if it has no address', () => {
    const nowhere = recordOf(dora, { addresses: [] }).record;
    expect(new Errands().ask(anna, 7, nowhere, false, 1_000)).toEqual([told(anna, 7, false)]);
  });
});

describe('a neighbour', () => {
  const pinged: Effect = { type: 'send-overlay', to: dora, message: { type: 'ping', id: 7 } };

  test('is pinged, and reached when it answers', () => {
    const errands = new Errands();
    expect(errands.ask(anna, 7, record, true, 1_000)).toEqual([pinged]);
    expect(errands.reached(dora)).toEqual([told(anna, 7, true)]);
    expect(errands.reached(dora)).toBeUndefined();
  });

  test('is not reached when it does not answer in time, or its link breaks', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, true, 1_000);
    expect(errands.tick(3_500)).toEqual([told(anna, 7, false)]);
    expect(errands.ask(anna, 8, record, true, 4_000)).toHaveLength(1);
    expect(errands.neighbourDown(dora)).toEqual([told(anna, 8, false)]);
    expect(errands.reached(dora)).toBeUndefined();
  });
});

describe('bounds', () => {
  const numbered = (number: number) => {
    const peer = peerNumbered(number);
    return recordOf(peer, { addresses: [`${peer}:1`] }).record;
  };

  test('one neighbour is answered so often, and then one time in five seconds', () => {
    const errands = new Errands();
    const answers = (nowMs: number) =>
      Array.from({ length: 20 }, (_, id) => errands.ask(anna, id, numbered(id), false, nowMs))
        .flatMap((effects) => effects)
        .map(({ type }) => type);
    expect(answers(1_000)).toHaveLength(8);
    for (let number = 0; number < 20; number++) errands.dialFailed(`${peerNumbered(number)}:1`);
    expect([answers(1_000).length, answers(6_000).length]).toEqual([0, 1]);
    expect(errands.ask(bert, 1, record, false, 6_000)).toEqual([dialled]);
  });

  test('so many are dialled at a time, until their dials have ended or are long forgotten', () => {
    const errands = new Errands();
    for (let number = 0; number < 8; number++) {
      expect(errands.ask(anna, number, numbered(number), false, 0)).toHaveLength(1);
    }
    expect(errands.ask(bert, 1, record, false, 59_999)).toEqual([]);
    errands.dialFailed(`${peerNumbered(3)}:1`);
    expect(errands.ask(bert, 2, record, false, 59_999)).toEqual([dialled]);
    expect(errands.ask(bert, 3, numbered(9), false, 59_999)).toEqual([]);
    expect(errands.ask(bert, 4, numbered(9), false, 60_000)).toHaveLength(1);
  });

  test('who asked and is gone is told nothing', () => {
    const errands = new Errands();
    errands.ask(anna, 7, record, false, 1_000);
    expect(errands.neighbourDown(anna)).toEqual([]);
    expect(errands.dialFailed('dora:1')).toEqual([]);
  });
});
