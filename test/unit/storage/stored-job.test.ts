import { expect, test } from 'vitest';

import { decodeSpec, decodeStoredJob, encodeStoredJob } from '../../../src/storage/stored-job.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { report, storedJob } from '../../support/stored-jobs.ts';

test.each(['digest', 'equals', 'verify'] as const)('a job compared by %s is read back', (by) => {
  const job = storedJob('sums', 'running');
  const kept = { ...job, spec: { ...job.spec, comparison: by } };
  expect(decodeStoredJob(encodeStoredJob(kept))).toEqual(kept);
});

test('that what a job had was let go is read back', () => {
  const job = { ...storedJob('sums', 'done'), isTrimmed: true } as const;
  expect(decodeStoredJob(encodeStoredJob(job))).toEqual(job);
});

test('a job from before there was a choice is compared by digest', () => {
  const job = storedJob('sums', 'done');
  const { comparison: _none, ...spec } = job.spec;
  expect(decodeStoredJob(encodeCanonical({ ...job, spec }))).toEqual(job);
});

test('a comparison that there is not is no job', () => {
  const job = storedJob('sums', 'done');
  const spec = { ...job.spec, comparison: 'guess' };
  expect(() => decodeStoredJob(encodeCanonical({ ...job, spec }))).toThrow('job.spec.comparison');
});

test('a spec that was stored has the digest that it had, which is the id of its job', () => {
  const { spec } = storedJob('sums', 'done');
  const stored = decodeStoredJob(encodeStoredJob(storedJob('sums', 'done'))).spec;
  expect(encodeCanonical(stored)).toEqual(encodeCanonical(spec));
  expect(decodeSpec(encodeCanonical(spec))).toEqual(spec);
  expect(() => decodeSpec(encodeCanonical({ ...spec, chunksMax: 'many' }))).toThrow(
    'spec.chunksMax is not a number',
  );
});

test('a job is read back with what was seen of peers, and with its certificates', () => {
  const [contribution, ...others] = report.contributions;
  if (contribution === undefined) throw new Error('the report has no contribution');
  const job = {
    ...storedJob('sums', 'done'),
    report: { ...report, contributions: [{ ...contribution, passed: 12.5 }, ...others] },
    certificates: { digests: storedJob('sums', 'done').spec.program },
  };
  expect(decodeStoredJob(encodeStoredJob(job))).toEqual(job);
});
