import { describe, expect, test } from 'vitest';

import type { PeerId } from '../../../../src/model/ids.ts';
import { Engagements } from '../../../../src/protocol/volunteer/engagements.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import { VolunteerJob } from '../../../../src/protocol/volunteer/volunteer-job.ts';
import { Workbench } from '../../../../src/protocol/volunteer/workbench.ts';
import {
  anna,
  bert,
  givenLimits,
  jobNumbered,
  leasedChunks,
  offerOf,
  ofType,
} from '../../../support/protocol-fixtures.ts';
import { asked } from '../../../support/protocol-volunteer.ts';

const annas = jobNumbered(1);
const berts = jobNumbered(2);

/** One slot, a job of Anna's and one of Bert's. Both are there until something else is said. */
function bench() {
  const jobs = new Engagements();
  const unready = new Set<PeerId>();
  const full = new Set<PeerId>();
  const made = (requester: PeerId, job = annas): VolunteerJob => {
    const each = new VolunteerJob(offerOf({ requester, job }).offer, givenLimits, 0);
    jobs.add(each);
    return each;
  };
  const [first, second] = [made(anna), made(bert, berts)];
  const workbench = new Workbench({
    slots: 1,
    jobs,
    isReady: ({ requester }) => !unready.has(requester),
    isFull: ({ requester }) => full.has(requester),
    isWanted: () => true,
  });
  const step = (nowMs: number): Effect[] => {
    workbench.look(nowMs);
    return [...workbench.dispatch(), ...workbench.ask(nowMs)];
  };
  return { workbench, first, second, unready, full, step };
}

const hold = (job: VolunteerJob, from: number, count: number, untilMs = 1e9): void => {
  job.hold(leasedChunks(from, count), untilMs, 1e9);
};

describe('turns', () => {
  test('jobs take turns', () => {
    const { workbench, first, second, step } = bench();
    hold(first, 1, 3);
    hold(second, 11, 3);
    const order: unknown[] = [];
    for (let number = 1; number <= 6; number++) {
      order.push(...ofType(step(1), 'run').map((run) => run.job));
      workbench.runs.end(number);
    }
    expect(order).toEqual([annas, berts, annas, berts, annas, berts]);
  });

  test('a new job starts beside one whose short chunks never run out', () => {
    const { workbench, first, second, step } = bench();
    first.hasComputed(1, 10);
    hold(first, 1, 4_000);
    expect(ofType(step(1), 'run')).toHaveLength(2);
    hold(second, 5_001, 2);
    const started: unknown[] = [];
    for (let number = 1; number <= 6; number++) {
      workbench.runs.end(number);
      started.push(...ofType(step(1), 'run').map((run) => run.job));
    }
    expect(started.filter((each) => each === berts)).toHaveLength(2);
    expect(first.queued).toBeGreaterThan(3_000);
  });
});

describe('a job that can’t be run keeps no slot from the others', () => {
  /** Anna's job has all that is wanted; Bert is asked when it is of no use now. */
  function withAllOfAnna() {
    const made = bench();
    hold(made.first, 1, 3);
    return made;
  }

  test('while it can, nobody else is asked', () => {
    expect(
      withAllOfAnna()
        .step(1)
        .map(({ type }) => type),
    ).toEqual(['run']);
  });

  test('when its requester owes too many acknowledgements', () => {
    const { full, step } = withAllOfAnna();
    full.add(anna);
    expect(step(1)).toEqual([asked(3, bert, berts)]);
  });

  test('when its requester or its program is not there', () => {
    const { unready, step } = withAllOfAnna();
    unready.add(anna);
    expect(step(1)).toEqual([asked(3, bert, berts)]);
  });

  test('when it rests, and it is the first again when it has rested', () => {
    const { first, step } = withAllOfAnna();
    first.rest(1);
    expect(step(1)).toEqual([asked(3, bert, berts)]);
    expect(step(1_000)).toEqual([]);
    expect(ofType(step(1_001), 'run').map((run) => run.job)).toEqual([annas]);
  });

  test('when its leases have expired', () => {
    const { first, unready, step } = bench();
    unready.add(bert);
    hold(first, 1, 3, 1_000);
    unready.add(anna);
    expect(step(1_000)).toEqual([]);
    expect(first.held).toBe(0);
  });

  test('but for what of it is in the sandbox', () => {
    const { full, step } = withAllOfAnna();
    step(1);
    full.add(anna);
    expect(step(2)).toEqual([asked(2, bert, berts)]);
  });

  test('and is not asked for more itself, nor waited for what it was asked', () => {
    const { first, full, unready, step } = bench();
    unready.add(bert);
    expect(step(1)).toEqual([asked(3, anna, annas)]);
    full.add(anna);
    expect(step(501)).toEqual([]);
    expect(first.answerByMs).toBe(Infinity);
    full.delete(anna);
    first.answered(3);
    expect(step(502)).toEqual([asked(3, anna, annas)]);
  });
});
