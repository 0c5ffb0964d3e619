import { Writable } from 'node:stream';

import { expect, test } from 'vitest';

import type { Standing } from '../../../src/model/standing.ts';
import { createLog } from '../../../src/runtime/log.ts';
import { StandingsKeeper } from '../../../src/runtime/standings-keeper.ts';
import { anna, bert } from '../../support/protocol-fixtures.ts';

function standingOf(peer: Standing['peer'], passed: number): Standing {
  return { peer, passed, isCaught: false, seenAtMs: 1 };
}

/** A store that is full until it is told otherwise. */
function keeping() {
  const disk = { isFull: true };
  const written: (readonly Standing[])[] = [];
  const told: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      told.push(String(line));
      done();
    },
  });
  const clock = { ms: 0 };
  const keeper = new StandingsKeeper({
    store: {
      putStandings: (standings) => {
        if (disk.isFull) throw new Error('the disk is full');
        written.push(standings);
      },
    },
    clock: { nowMs: () => clock.ms },
    log: createLog({ level: 'warn', format: 'json', stream }),
  });
  return { keeper, disk, written, told, clock };
}

test('what a full disk could not take is written once there is room, of each peer the last', () => {
  const { keeper, disk, written } = keeping();
  keeper.keep([standingOf(anna, 1), standingOf(bert, 1)]);
  keeper.keep([standingOf(anna, 2)]);
  disk.isFull = false;
  keeper.keep([]);
  keeper.keep([standingOf(bert, 3)]);
  expect(written).toEqual([[standingOf(bert, 1), standingOf(anna, 2)], [standingOf(bert, 3)]]);
});

test('a disk that stays full is told of once an hour', () => {
  const { keeper, told, clock } = keeping();
  for (clock.ms = 0; clock.ms < 2 * 3_600_000; clock.ms += 600_000) {
    keeper.keep([standingOf(anna, 1)]);
  }
  expect(told).toEqual([expect.stringMatching(/full/), expect.stringMatching(/full/)]);
});
