import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { Standing } from '../../../src/model/standing.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { StandingsKeeper } from '../../../src/runtime/standings-keeper.ts';
import { anna, bert } from '../../support/protocol-fixtures.ts';

function standingOf(peer: Standing['peer'], passed: number): Standing {
  return { peer, passed, isCaught: false, seenAtMs: 1 };
}

function keeping() {
  const told: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      told.push(String(line));
      done();
    },
  });
  const clock = { ms: 0 };
  const log = createLog({ level: 'warn', stream });
  return { keeper: new StandingsKeeper({ clock: { nowMs: () => clock.ms }, log }), told, clock };
}

const full = new Error('the disk is full');

test('what is to be written is taken once, of each peer the last', () => {
  const { keeper } = keeping();
  keeper.keep([standingOf(anna, 1), standingOf(bert, 1)]);
  keeper.keep([standingOf(anna, 2)]);
  expect(keeper.take()).toEqual([standingOf(bert, 1), standingOf(anna, 2)]);
  expect(keeper.take()).toEqual([]);
});

test('what a full disk could not take is to be written again, but for what is older by now', () => {
  const { keeper } = keeping();
  keeper.keep([standingOf(anna, 1), standingOf(bert, 1)]);
  const taken = keeper.take();
  keeper.keep([standingOf(anna, 2)]);
  keeper.failed(taken, full);
  expect(keeper.take()).toEqual([standingOf(bert, 1), standingOf(anna, 2)]);
});

test('a disk that stays full is told of once an hour', () => {
  const { keeper, told, clock } = keeping();
  for (clock.ms = 0; clock.ms < 2 * 3_600_000; clock.ms += 600_000) {
    keeper.keep([standingOf(anna, 1)]);
    keeper.failed(keeper.take(), full);
  }
  expect(told).toEqual([expect.stringMatching(/full/), expect.stringMatching(/full/)]);
});
