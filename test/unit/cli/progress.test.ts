import { expect, test } from 'vitest';

import { plainLine, progressLines, progressSentence } from '../../../src/cli/progress.ts';
import type { Job } from '../../../src/transport/control-client.ts';
import { aJob } from '../../support/fake-control.ts';

function draw(job: Job, columns: number): string[] {
  return progressLines(job, columns, (_style, text) => text);
}

test('80 columns show the bar, the counts, the peers, the rate and the time left', () => {
  expect(draw(aJob(), 80)).toEqual([
    'primes c0ffee00 [####################+++!..........................]  40 %',
    '40 of 100 chunks accepted, 6 in flight, 1 disputed, 3 peers, 12.5 chunks/s,',
    '4.8 s left',
  ]);
});

test('40 columns show the same, on more lines', () => {
  expect(draw(aJob(), 40)).toEqual([
    'primes c0ffee00 [######+!.......]  40 %',
    '40 of 100 chunks accepted, 6 in flight,',
    '1 disputed, 3 peers, 12.5 chunks/s,',
    '4.8 s left',
  ]);
});

test.each([10, 20, 30, 40, 60, 80, 200])('no line reaches the last of %d columns', (columns) => {
  const job = aJob({
    name: 'a job with a name of sixty-four characters which is the most one',
    stalled: `${'3 peers know this job; none accepts: 2 paused, 1 needs 512 MiB. '.repeat(5)}end`,
    chunks: 10_000_000,
    accepted: 9_999_999,
    remainingMs: 1e10,
  });
  for (const line of draw(job, columns)) expect(line.length).toBeLessThan(columns);
});

test('while split runs there is no share of an unknown whole', () => {
  const [bar, counts] = draw(aJob({ splitEnded: false }), 80);
  expect(bar).not.toContain('%');
  expect(counts).toContain('40 of 100 chunks split so far accepted');
});

test('before the first chunk it says that the job is being split', () => {
  expect(draw(aJob({ chunks: 0, accepted: 0, splitEnded: false }), 80)[1]).toBe(
    'splitting the job into chunks',
  );
});

test('100 % is all of it, and nothing less', () => {
  expect(draw(aJob({ chunks: 1000, accepted: 999 }), 80)[0]).toContain(' 99 %');
  expect(draw(aJob({ chunks: 1000, accepted: 1000 }), 80)[0]).toContain('100 %');
});

test('a job that stalls says why, in at most three lines', () => {
  const reason = '3 peers know this job; none accepts: 2 paused, 1 needs 512 MiB';
  expect(draw(aJob({ stalled: reason }), 80).at(-1)).toBe(reason);
  const long = draw(aJob({ stalled: `${reason}; `.repeat(20) }), 80);
  expect(long).toHaveLength(6);
  expect(long.at(-1)).toMatch(/\.\.\.$/);
});

test('a name that would steer the terminal is shown without its power', () => {
  expect(draw(aJob({ name: '\u001b[2Jprimes' }), 80)[0]).toMatch(/^primes c0ffee00/);
});

test('only states are painted that there are', () => {
  const painted: string[] = [];
  progressLines(aJob({ disputed: 0 }), 80, (style, text) => {
    if (text !== '') painted.push(style);
    return text;
  });
  expect(painted).not.toContain('red');
});

test('a sentence says what the lines say', () => {
  expect(progressSentence(aJob({ stalled: 'nobody is here' }))).toBe(
    'primes c0ffee00: 40 of 100 chunks accepted, 6 in flight, 1 disputed, 3 peers, ' +
      '12.5 chunks/s, 4.8 s left; nobody is here',
  );
  expect(progressSentence(aJob({ state: 'merging', accepted: 100 }))).toBe(
    'primes c0ffee00: 100 of 100 chunks accepted, merging the results',
  );
});

test('plain lines come at the start, after 2 s, and at each tenth', () => {
  const first = plainLine(aJob(), undefined, 1000);
  expect(first).toMatchObject({ atMs: 1000, tenth: 4 });
  expect(plainLine(aJob({ accepted: 41 }), first, 2999)).toBeUndefined();
  expect(plainLine(aJob({ accepted: 41 }), first, 3000)).toMatchObject({ atMs: 3000 });
  expect(plainLine(aJob({ accepted: 50 }), first, 1001)).toMatchObject({ tenth: 5 });
});

test('a line that would repeat the last one is not printed', () => {
  const first = plainLine(aJob(), undefined, 0);
  expect(plainLine(aJob(), first, 60_000)).toBeUndefined();
});
