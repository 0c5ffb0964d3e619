import { expect, test } from 'vitest';

import { specOfJob } from '../../../src/runtime/audit-spec.ts';
import { encodeCanonical } from '../../../src/wire/canonical-cbor.ts';
import { specWith } from '../../support/audit-samples.ts';
import { someJob } from '../../support/wire-samples.ts';

const good = specWith({ quorum: 2 });
const read = (spec: Uint8Array) => specOfJob({ job: someJob, spec, chunks: 1 });
const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identities: 'free' };
const withTrust = (change: object) => {
  return { ...good, trust: { quorum: 1, credibility: { ...credibility, ...change } } };
};

test('a spec is read with the id that it has, whatever the file says', () => {
  expect(read(encodeCanonical(good))).toEqual({
    spec: good,
    id: expect.not.stringMatching(someJob),
  });
});

test.each<[string, object, string]>([
  ['no quorum', { ...good, trust: { quorum: 0 } }, 'its quorum is 0'],
  ['half a quorum', { ...good, trust: { quorum: 1.5 } }, 'its quorum is 1.5'],
  ['an error rate of all', withTrust({ errorRate: 1 }), 'its error rate is 1'],
  ['an error rate that is none', withTrust({ errorRate: Number.NaN }), 'its error rate is NaN'],
  ['only liars', withTrust({ assumeFaulty: 0.9 }), 'it assumes a share of 0.9 to be faulty'],
  ['a long name', { ...good, name: 'a'.repeat(65) }, 'its name is too long'],
  [
    'memory that is no number of bytes',
    { ...good, limits: { ...good.limits, memoryBytesMax: 0.5 } },
    'memory_bytes_max is 0.5, expected 1 to 9007199254740991',
  ],
  [
    'results that nobody may return',
    { ...good, limits: { ...good.limits, resultBytesMax: 2 ** 50 } },
    'result_bytes_max is 1125899906842624, expected 1 to 16777221',
  ],
  ['no program', { ...good, program: 7 }, 'spec.program is not a text'],
])('a spec with %s is refused', (_what, spec, reason) => {
  expect(read(encodeCanonical(spec))).toEqual({ reason });
});

test('what is no spec is refused', () => {
  expect(read(Buffer.of(0xff))).toMatchObject({ reason: expect.any(String) });
});
