import { describe, expect, test } from 'vitest';

import { programRef } from '../../../../src/model/program.ts';
import type { Effect } from '../../../../src/protocol/events.ts';
import {
  anna,
  bert,
  chunkLimitsOf,
  digestNumbered,
  jobNumbered,
  leasedChunks,
  offerOf,
  ofType,
  self,
  startUnixMs,
  valueOf,
} from '../../../support/protocol-fixtures.ts';
import {
  acknowledge,
  asked,
  done,
  ended,
  givenBack,
  job,
  leases,
  program,
  results,
  run,
  stopped,
  volunteerWith,
  working,
} from '../../../support/protocol-volunteer.ts';

describe('engaging', () => {
  test('an open offer leads to a stream, the program, and then an ask', () => {
    const { volunteer } = volunteerWith(2, {});
    const addresses = ['anna:1'];
    expect(volunteer.advance(0)).toEqual([
      { type: 'open-work', requester: anna, addresses },
      {
        type: 'fetch-program',
        requester: anna,
        addresses,
        program,
        ref: programRef(offerOf().offer),
        limits: chunkLimitsOf(),
      },
    ]);
    expect(volunteer.advance(1)).toEqual([]);
    expect(volunteer.requesterUp(anna, 2)).toEqual([]);
    expect(volunteer.programReady(program, 3)).toEqual([asked(6)]);
    expect(volunteer.advance(4)).toEqual([]);
    expect(volunteer.requesters).toEqual([anna]);
  });

  test.each([
    ['nothing to lease', { replicasOpen: 0 }],
    ['ended', { closed: true }],
  ])('an offer of a job with %s is left alone', (_what, offer) => {
    expect(volunteerWith(2, offer).volunteer.advance(0)).toEqual([]);
  });

  test('a peer without slots takes no work', () => {
    expect(volunteerWith(0, {}).volunteer.advance(0)).toEqual([]);
  });

  test('two jobs of one requester share a stream', () => {
    const { volunteer } = volunteerWith(1, {}, { job: jobNumbered(2) });
    expect(ofType(volunteer.advance(0), 'open-work')).toHaveLength(1);
    volunteer.requesterUp(anna, 0);
    const ended = { type: 'job-ended', job } as const;
    expect(ofType(volunteer.handle(anna, ended, 1), 'close-work')).toEqual([]);
    const other = { type: 'job-ended', job: jobNumbered(2) } as const;
    expect(volunteer.handle(anna, other, 1)).toEqual([{ type: 'close-work', requester: anna }]);
  });

  test('a program that can’t run has its job declined, and is not fetched again', () => {
    const { volunteer } = volunteerWith(2, {});
    volunteer.advance(0);
    expect(volunteer.programFailed(program, 'no compute', 1)).toEqual([
      { type: 'close-work', requester: anna },
    ]);
    const declined = { requester: anna, job, name: 'squares', reason: 'no compute' };
    expect(volunteer.declined).toEqual([declined]);
    expect(volunteer.advance(2)).toEqual([]);
  });

  test('a stranger that offers somebody’s job as its own gets in nobody’s way', () => {
    const { volunteer } = volunteerWith(2, { requester: bert }, { requester: anna });
    const opened = ofType(volunteer.advance(0), 'open-work');
    expect(opened.map(({ requester }) => requester)).toEqual([bert, anna]);
    volunteer.requesterUp(bert, 1);
    volunteer.requesterUp(anna, 1);
    expect(volunteer.programReady(program, 2)).toEqual([asked(6, bert)]);
    // Who has nothing to lease holds up the others for a moment.
    expect(volunteer.dueAtMs).toBe(502);
    expect(volunteer.tick(501)).toEqual([]);
    expect(volunteer.tick(502)).toEqual([asked(6)]);
    volunteer.handle(bert, { type: 'job-ended', job }, 503);
    const chunks = leasedChunks(1, 1);
    expect(volunteer.handle(anna, leases(chunks), 504)).toEqual([run(1, chunks)]);
  });

  test('what is at hand of all jobs together is as much as would be of one', () => {
    const other = jobNumbered(2);
    const { volunteer } = volunteerWith(2, {}, { job: other });
    volunteer.advance(0);
    volunteer.requesterUp(anna, 0);
    expect(volunteer.programReady(program, 0)).toEqual([asked(6)]);
    const chunks = leasedChunks(1, 6);
    const runs = volunteer.handle(anna, leases(chunks), 100);
    expect(runs.map(({ type }) => type)).toEqual(['run', 'run']);
    expect(volunteer.tick(10_000)).toEqual([]);
    // Half is left: the other half is asked for, of the job whose turn it is.
    expect(volunteer.handle(anna, { type: 'revoke', job, leases: [3, 4, 5] }, 10_001)).toEqual([
      asked(3, anna, other),
    ]);
  });

  test('past the most jobs an idle one makes room, and none while all give work', () => {
    const jobs = Array.from({ length: 9 }, (_, number) => ({ job: jobNumbered(number) }));
    const { volunteer } = volunteerWith(1, ...jobs);
    expect(ofType(volunteer.advance(0), 'fetch-program')).toHaveLength(8);
    volunteer.requesterUp(anna, 0);
    volunteer.programReady(program, 0);
    expect(ofType(volunteer.advance(10_000), 'fetch-program')).toEqual([]);
    expect(ofType(volunteer.advance(10_001), 'fetch-program')).toHaveLength(1);
  });

  test('no job makes room for one whose requester is not to be tried', () => {
    const jobs = Array.from({ length: 8 }, (_, number) => ({ job: jobNumbered(number) }));
    const elsewhere = { requester: bert, job: jobNumbered(99) };
    const { volunteer, book } = volunteerWith(1, elsewhere, ...jobs);
    volunteer.advance(0);
    volunteer.requesterUp(anna, 0);
    book.receive(offerOf({ ...elsewhere, sequence: 2 }), startUnixMs);
    volunteer.requesterDown(bert, 19_900);
    expect(volunteer.advance(20_000)).toEqual([]);
  });
});

describe('asking', () => {
  test('asks follow what the slots compute, in halves of the buffer', () => {
    const { volunteer } = working(2);
    const chunks = leasedChunks(1, 6);
    const [first, second] = volunteer.handle(anna, leases(chunks), 1);
    expect([first, second]).toEqual([run(1, chunks.slice(0, 1)), run(2, chunks.slice(1, 2))]);
    // 100 ms a chunk: 2 slots hold 2 * (1 + 1) chunks, fewer than the 5 still held.
    expect(done(volunteer, first, 100)).toEqual([run(3, chunks.slice(2, 3))]);
    let next = done(volunteer, second, 100);
    const asks: Effect[] = [];
    let held = 4;
    while (asks.length === 0) {
      held -= 1;
      next = done(volunteer, ofType(next, 'run')[0] ?? run(3, []), 100);
      asks.push(...next.filter((effect) => effect.type === 'send-to-requester'));
    }
    expect([held, asks]).toEqual([2, [asked(2)]]);
  });

  test('a demand is not repeated while it stands', () => {
    const { volunteer } = working(2);
    expect(volunteer.handle(anna, leases(leasedChunks(1, 2)), 1)).toEqual([
      run(1, leasedChunks(1, 1)),
      run(2, leasedChunks(2, 1)),
    ]);
    expect(volunteer.tick(500)).toEqual([]);
  });

  test('leases that expired in the queue are asked for anew at once', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 3);
    const [first] = volunteer.handle(anna, leases(chunks, job, 1_000), 0);
    const effects = done(volunteer, first, 10, 1_000);
    expect(effects).toEqual([asked(11), results(chunks.slice(0, 1))]);
    expect(volunteer.leasesHeld).toBe(0);
  });

  test('leases that were never asked for are given back: others would wait behind them', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 5);
    expect(volunteer.handle(anna, leases(chunks), 1)).toEqual([
      givenBack(chunks.slice(3)),
      run(1, chunks.slice(0, 1)),
    ]);
    expect(volunteer.handle(anna, leases(chunks), 1)).toEqual([givenBack(chunks)]);
    expect(volunteer.leasesHeld).toBe(3);
  });

  test('what was revoked before it came leaves what was asked for as it is', () => {
    const { volunteer } = working(1);
    volunteer.handle(anna, { type: 'revoke', job, leases: [1, 2, 3] }, 1);
    expect(volunteer.handle(anna, leases(leasedChunks(1, 3)), 1)).toEqual([
      run(1, leasedChunks(1, 1)),
    ]);
  });

  test('leases of a job that is computed for somebody else are given back', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 2);
    expect(volunteer.handle(bert, leases(chunks), 1)).toEqual([givenBack(chunks, bert)]);
    expect(volunteer.leasesHeld).toBe(0);
  });
});

describe('computing', () => {
  test('short chunks run many together, and ahead of the slots', () => {
    const { volunteer } = working(1);
    const [first] = volunteer.handle(anna, leases(leasedChunks(1, 3)), 1);
    const asks = done(volunteer, first, 1);
    expect(asks).toContainEqual(asked(99));
    const effects = volunteer.handle(anna, leases(leasedChunks(4, 99)), 11);
    expect(ofType(effects, 'run').map(({ chunks }) => chunks.length)).toEqual([25]);
    expect([volunteer.chunksRunning, volunteer.leasesQueued]).toEqual([27, 74]);
    expect([volunteer.replicasReturned, volunteer.computeSeconds]).toEqual([1, 0.001]);
  });

  test('short chunks with large results run few together', () => {
    const { volunteer } = working(1);
    const [first] = volunteer.handle(anna, leases(leasedChunks(1, 3)), 1);
    const value = new Uint8Array(8 * 2 ** 20);
    const outcome = { type: 'result', digest: digestNumbered(1), value } as const;
    ended(volunteer, first, [{ outcome, computeMs: 0.1 }]);
    const effects = volunteer.handle(anna, leases(leasedChunks(4, 99)), 11);
    expect(ofType(effects, 'run').map(({ chunks }) => chunks.length)).toEqual([2]);
  });

  test('a run that came back in part is no reason to rest', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 3);
    const [first] = volunteer.handle(anna, leases(chunks), 1);
    const [second] = ofType(done(volunteer, first, 10), 'run');
    const outcome = { type: 'result', digest: digestNumbered(2), value: valueOf(2) } as const;
    const rest = { outcome: { type: 'returned' }, computeMs: 0 } as const;
    const effects = ended(volunteer, second, [{ outcome, computeMs: 10 }, rest], 20);
    expect(effects).toContainEqual(givenBack(chunks.slice(2)));
    expect(ofType(volunteer.handle(anna, leases(leasedChunks(4, 1)), 21), 'run')).toHaveLength(1);
  });

  test('revoked leases are not computed', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 3);
    const [first] = volunteer.handle(anna, leases(chunks), 1);
    volunteer.handle(anna, { type: 'revoke', job, leases: [1, 2] }, 2);
    const effects = done(volunteer, first, 100);
    expect(effects).toEqual([run(2, chunks.slice(2)), asked(1)]);
  });

  test('after the sandbox gave chunks back the job rests, and then goes on', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 3);
    const [first] = volunteer.handle(anna, leases(chunks), 1);
    expect(stopped(volunteer, first, 50)).toEqual([givenBack(chunks.slice(0, 1))]);
    expect(volunteer.dueAtMs).toBe(1_050);
    expect(volunteer.tick(1_049)).toEqual([]);
    expect(ofType(volunteer.tick(1_050), 'run')).toEqual([run(2, chunks.slice(1, 2))]);
    // What is left is to see whether its requester is still there.
    expect(volunteer.dueAtMs).toBe(10_000);
  });

  test('a run that nobody knows is ignored', () => {
    const { volunteer } = working(1);
    expect(volunteer.runDone({ type: 'run-done', run: 77, outcomes: [] }, 1)).toEqual([]);
  });
});

describe('requesters that go away', () => {
  test('and of whom nothing is held are tried again after a while', () => {
    const { volunteer } = working(1);
    expect(volunteer.requesterDown(anna, 100)).toEqual([]);
    expect(volunteer.dueAtMs).toBe(1_100);
    expect(volunteer.tick(1_099)).toEqual([]);
    const retried = volunteer.tick(1_100);
    expect(retried.map(({ type }) => type)).toEqual(['open-work', 'fetch-program']);
    expect(volunteer.dueAtMs).toBe(Infinity);
  });

  test('one that is wanted for nothing is forgotten', () => {
    const { volunteer, book } = working(1);
    book.close(anna, job);
    volunteer.requesterDown(anna, 100);
    expect(volunteer.tick(1_100)).toEqual([]);
    expect(volunteer.dueAtMs).toBe(Infinity);
  });

  test('a job that ended is dropped with its stream', () => {
    const { volunteer } = working(1);
    volunteer.handle(anna, leases(leasedChunks(1, 3)), 1);
    expect(volunteer.handle(anna, { type: 'job-ended', job }, 2)).toEqual([
      { type: 'stop-runs', runs: [1] },
      { type: 'close-work', requester: anna },
    ]);
    expect(volunteer.advance(3)).toEqual([]);
  });

  test('nobody but its requester ends a job or takes leases back', () => {
    const { volunteer } = working(1);
    volunteer.handle(anna, leases(leasedChunks(1, 3)), 1);
    expect(volunteer.handle(bert, { type: 'job-ended', job }, 2)).toEqual([]);
    expect(volunteer.handle(bert, { type: 'revoke', job, leases: [2, 3] }, 2)).toEqual([]);
    expect(volunteer.leasesHeld).toBe(3);
  });
});

describe('pausing', () => {
  test('a pause gives back what is queued, stops what runs, and then leaves', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 3);
    const [first] = volunteer.handle(anna, leases(chunks), 1);
    expect(volunteer.pause(Infinity)).toEqual([
      givenBack(chunks.slice(1)),
      { type: 'stop-runs', runs: [1] },
    ]);
    expect(stopped(volunteer, first)).toEqual([
      givenBack(chunks.slice(0, 1)),
      { type: 'close-work', requester: anna },
    ]);
    expect([volunteer.mode, volunteer.dueAtMs]).toEqual(['paused', Infinity]);
    expect([volunteer.advance(5), volunteer.tick(6)]).toEqual([[], []]);
  });

  test('leases that arrive during a pause are given back', () => {
    const { volunteer } = working(1);
    const [first] = volunteer.handle(anna, leases(leasedChunks(1, 1)), 1);
    volunteer.pause(Infinity);
    const late = leasedChunks(2, 2);
    expect(volunteer.handle(anna, leases(late), 2)).toEqual([givenBack(late)]);
    expect(first?.type).toBe('run');
  });

  test('a pause waits for what does not stop, and wakes nobody meanwhile', () => {
    const { volunteer } = working(1, { requester: bert });
    volunteer.requesterUp(bert, 0);
    volunteer.handle(anna, leases(leasedChunks(1, 1)), 1);
    expect(volunteer.dueAtMs).toBe(500);
    volunteer.pause(Infinity);
    expect([volunteer.chunksRunning, volunteer.dueAtMs]).toEqual([1, 10_000]);
  });

  test('a pause with nothing running leaves at once', () => {
    const { volunteer } = working(1);
    expect(volunteer.pause(Infinity)).toEqual([{ type: 'close-work', requester: anna }]);
  });

  test('a timed pause ends by itself', () => {
    const { volunteer } = working(1);
    volunteer.pause(5_000);
    expect([volunteer.dueAtMs, volunteer.pausedUntilMs]).toEqual([5_000, 5_000]);
    expect(volunteer.tick(4_999)).toEqual([]);
    const effects = volunteer.tick(5_000);
    expect(effects.map(({ type }) => type)).toEqual(['open-work', 'fetch-program']);
    expect([volunteer.mode, volunteer.dueAtMs]).toEqual(['on', Infinity]);
  });

  test('a peer that is not paused has nothing to resume', () => {
    expect(working(1).volunteer.resume(1)).toEqual([]);
  });
});

describe('finishing', () => {
  test('what is held is computed, nothing is asked for, and then it is drained', () => {
    const { volunteer } = working(1);
    const chunks = leasedChunks(1, 2);
    const [first] = volunteer.handle(anna, leases(chunks), 1);
    expect(volunteer.finish(2)).toEqual([]);
    const effects = done(volunteer, first, 100);
    expect(effects).toEqual([run(2, chunks.slice(1))]);
    expect(done(volunteer, effects[0], 100)).toEqual([results(chunks, 100)]);
    expect(volunteer.handle(anna, acknowledge(1), 20)).toEqual([]);
    expect(volunteer.handle(anna, acknowledge(2), 21)).toEqual([
      { type: 'close-work', requester: anna },
      { type: 'drained' },
    ]);
    expect(volunteer.advance(500)).toEqual([{ type: 'drained' }]);
    const late = leasedChunks(9, 1);
    expect(volunteer.handle(anna, leases(late), 501)).toEqual([givenBack(late)]);
  });

  test('who is paused and told to finish goes to nobody any more', () => {
    const { volunteer } = working(1);
    volunteer.pause(60_000);
    expect(volunteer.finish(1)).toEqual([{ type: 'drained' }]);
    expect([volunteer.mode, volunteer.dueAtMs]).toEqual(['finishing', Infinity]);
    expect([volunteer.pause(5), volunteer.resume(6)]).toEqual([[], []]);
  });

  test('own jobs go on', () => {
    const { volunteer } = volunteerWith(1, { requester: self }, { requester: bert });
    const effects = volunteer.finish(0);
    expect(ofType(effects, 'open-work').map(({ requester }) => requester)).toEqual([self]);
    volunteer.requesterUp(self, 0);
    expect(ofType(volunteer.programReady(program, 0), 'send-to-requester')).toEqual([
      asked(3, self),
    ]);
    const chunks = leasedChunks(1, 1);
    expect(volunteer.handle(self, leases(chunks), 1)).toEqual([run(1, chunks)]);
  });
});
