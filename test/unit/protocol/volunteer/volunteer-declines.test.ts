/** What a volunteer leaves to others, and when it tries again. */

import { expect, test } from 'vitest';

import { programKey } from '../../../../src/model/program.ts';
import {
  anna,
  bert,
  chunkLimitsOf,
  digestNumbered,
  givenLimits,
  jobNumbered,
  leasedChunks,
  offerOf,
  ofType,
  self,
  startUnixMs,
} from '../../../support/protocol-fixtures.ts';
import {
  acknowledge,
  asked,
  done,
  job,
  leases,
  program,
  stopped,
  volunteerWith,
  working,
} from '../../../support/protocol-volunteer.ts';

const greedy = chunkLimitsOf({ memoryBytesMax: 2 ** 30 });
const reason = 'needs 1 GiB of memory a chunk; this peer gives 512 MiB';

test.each([
  ['a stranger’s', anna],
  ['its own', self],
])(
  '%s job that wants more than this peer gives is declined before anything is opened',
  (_w, of) => {
    const { volunteer, book } = volunteerWith(2, { requester: of, limits: greedy });
    expect(volunteer.advance(0)).toEqual([]);
    expect(volunteer.declined).toEqual([{ requester: of, job, name: 'squares', reason }]);
    expect([volunteer.tick(1), volunteer.dueAtMs]).toEqual([[], Infinity]);
    book.close(of, job);
    expect(volunteer.declined).toEqual([]);
  },
);

test('a job of who was caught is declined, and why is told', () => {
  const { volunteer, standings } = volunteerWith(2, {}, { requester: bert, job: jobNumbered(2) });
  standings.catch(anna, 'lied');
  const opened = ofType(volunteer.advance(0), 'open-work');
  expect(opened.map(({ requester }) => requester)).toEqual([bert]);
  const why = 'is of anna2222, which lied';
  expect(volunteer.declined).toEqual([{ requester: anna, job, name: 'squares', reason: why }]);
});

test('who is caught while it is computed for is parted with', () => {
  const { volunteer, standings } = working(1);
  standings.catch(anna, 'lied');
  expect(ofType(volunteer.partWith(anna, 1), 'close-work')).toEqual([
    { type: 'close-work', requester: anna },
  ]);
  expect(volunteer.declined).toMatchObject([{ requester: anna }]);
});

test('it is idle from its last result on, unless it holds leases, pauses or has no slots', () => {
  const { volunteer } = working(1);
  expect(volunteer.idleSinceMs).toBe(0);
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 1)), 1), 'run');
  expect(volunteer.idleSinceMs).toBeUndefined();
  done(volunteer, run, 10, 50);
  expect(volunteer.idleSinceMs).toBe(50);
  volunteer.pause(Infinity);
  expect(volunteer.idleSinceMs).toBeUndefined();
  expect(volunteerWith(0).volunteer.idleSinceMs).toBeUndefined();
});

test('a declined job is in no other job’s way', () => {
  const { volunteer } = volunteerWith(2, { limits: greedy }, { job: jobNumbered(2) });
  const fetched = ofType(volunteer.advance(0), 'fetch-program');
  expect(fetched.map(({ requester }) => requester)).toEqual([anna]);
});

test('a chunk is kept as much stderr as both allow', () => {
  const { volunteer } = working(1, {});
  const [run] = ofType(volunteer.handle(anna, leases(leasedChunks(1, 1)), 1), 'run');
  expect(run?.limits).toEqual(chunkLimitsOf());
  const talkative = chunkLimitsOf({ stderrBytesMax: 2 ** 20 });
  const other = volunteerWith(1, { limits: talkative }).volunteer;
  const [fetch] = ofType(other.advance(0), 'fetch-program');
  expect(fetch?.limits.stderrBytesMax).toBe(givenLimits.stderrBytesMax);
});

test('the same module with another setup or memory limit is another program', () => {
  const wasi = { runtime: 'wasi', setup: { digest: digestNumbered(7), bytes: 9 } } as const;
  const { volunteer } = volunteerWith(
    2,
    wasi,
    { ...wasi, job: jobNumbered(2), setup: { digest: digestNumbered(8), bytes: 9 } },
    { ...wasi, job: jobNumbered(3), limits: chunkLimitsOf({ memoryBytesMax: 2 ** 25 }) },
  );
  const fetched = ofType(volunteer.advance(0), 'fetch-program');
  expect(new Set(fetched.map((each) => each.program)).size).toBe(3);
  expect(fetched[0]?.ref).toMatchObject(wasi);
  volunteer.requesterUp(anna, 1);
  const ready = programKey(offerOf(wasi).offer, chunkLimitsOf().memoryBytesMax);
  expect(volunteer.programReady(ready, 2)).toEqual([asked(6)]);
});

test('a script that fails under a stranger’s limits still runs under those of others', () => {
  const tiny = chunkLimitsOf({ memoryBytesMax: 1 });
  const { volunteer } = volunteerWith(1, {}, { requester: bert, limits: tiny });
  volunteer.advance(0);
  volunteer.requesterUp(anna, 1);
  const failed = programKey(offerOf().offer, tiny.memoryBytesMax);
  volunteer.programFailed(failed, 'out-of-memory', 2);
  expect(volunteer.declined).toMatchObject([{ requester: bert, reason: 'out-of-memory' }]);
  expect(volunteer.programReady(program, 3)).toEqual([asked(3)]);
});

test('a program that could not be had costs its job alone, which is tried again later', () => {
  const other = { job: jobNumbered(2), program: digestNumbered(2) };
  const { volunteer } = working(1, other);
  const missing = programKey(offerOf(other).offer, chunkLimitsOf().memoryBytesMax);
  const event = { type: 'program-missing', requester: anna, program: missing } as const;
  expect(volunteer.programMissing({ ...event, reason: 'busy' }, 10)).toEqual([]);
  expect(volunteer.declined).toMatchObject([{ job: other.job, reason: 'busy' }]);
  // The first job goes on over the same stream.
  const chunks = leasedChunks(1, 1);
  expect(ofType(volunteer.handle(anna, leases(chunks), 11), 'run')).toHaveLength(1);
  expect(volunteer.dueAtMs).toBe(1_010);
  expect(ofType(volunteer.tick(1_009), 'fetch-program')).toEqual([]);
  const again = volunteer.tick(1_010);
  expect(ofType(again, 'fetch-program').map((each) => each.program)).toEqual([missing]);
  volunteer.programMissing({ ...event, reason: 'busy' }, 1_020);
  expect(volunteer.dueAtMs).toBe(3_020);
});

test('a program that one requester lacks is still computed for another that has it', () => {
  const { volunteer } = volunteerWith(1, {}, { requester: bert });
  volunteer.advance(0);
  volunteer.requesterUp(bert, 1);
  const event = { type: 'program-missing', requester: anna, program, reason: 'gone' } as const;
  expect(volunteer.programMissing(event, 2)).toEqual([{ type: 'close-work', requester: anna }]);
  expect(volunteer.programReady(program, 3)).toEqual([asked(3, bert)]);
});

test('a program that is in the sandbox already is not missed', () => {
  const { volunteer } = working(1);
  const event = { type: 'program-missing', requester: anna, program, reason: 'gone' } as const;
  expect(volunteer.programMissing(event, 2)).toEqual([]);
  expect([volunteer.declined, volunteer.requesters]).toEqual([[], [anna]]);
});

test('a job whose chunks keep coming back from the sandbox rests longer each time', () => {
  const { volunteer } = working(1);
  let effects = volunteer.handle(anna, leases(leasedChunks(1, 3), job, 100_000), 0);
  const rests: number[] = [];
  let nowMs = 0;
  for (let times = 0; times < 3; times++) {
    stopped(volunteer, ofType(effects, 'run')[0], nowMs);
    rests.push(volunteer.dueAtMs - nowMs);
    nowMs = volunteer.dueAtMs;
    effects = volunteer.tick(nowMs);
  }
  expect(rests).toEqual([1_000, 2_000, 4_000]);
  effects = volunteer.handle(anna, leases(leasedChunks(4, 2), job, 100_000), nowMs);
  effects = done(volunteer, ofType(effects, 'run')[0], 10_000, nowMs);
  stopped(volunteer, ofType(effects, 'run')[0], nowMs);
  volunteer.handle(anna, acknowledge(4), nowMs);
  expect(volunteer.dueAtMs - nowMs).toBe(1_000);
});

test('a declined job whose offer is renewed stays declined', () => {
  const { volunteer, book } = volunteerWith(1, { limits: greedy });
  volunteer.advance(0);
  book.receive(offerOf({ limits: greedy, sequence: 2 }), startUnixMs);
  expect(volunteer.advance(1)).toEqual([]);
  expect(volunteer.declined).toHaveLength(1);
});
