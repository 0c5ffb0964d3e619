/** What volunteers sign of their results, as it is kept and shown to others. */

import { expect, test } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import type { ReplicaResult } from '../../../src/model/replica.ts';
import type { Signed } from '../../../src/model/signed.ts';
import { decoding } from '../../../src/wire/bounds.ts';
import { readShownStatement, signStatements } from '../../../src/wire/statement-codec.ts';
import { signBytes } from '../../../src/wire/signing.ts';
import { someDigest, someJob, someKey, someResult } from '../../support/wire-samples.ts';

const volunteer = someKey();
const failed: ReplicaResult = {
  lease: Number.MAX_SAFE_INTEGER,
  chunk: 2 ** 31 - 1,
  outcome: { type: 'failure', failure: { kind: 'exited', detail: 'not a part of it' } },
  computeMs: 10,
};
const returned: ReplicaResult = {
  lease: 3,
  chunk: 0,
  outcome: { type: 'returned' },
  computeMs: 0,
};

function signed(replicas: readonly ReplicaResult[]): readonly Signed[] {
  return signStatements({ job: someJob, replicas }, volunteer, volunteer.privateKey);
}

function only(replicas: readonly ReplicaResult[]): Signed {
  const [statement, ...more] = signed(replicas);
  if (statement === undefined || more.length > 0) throw new Error('one statement was expected');
  return statement;
}

const read = (statement: Signed) => decoding(() => readShownStatement(statement));
const rejected = (reason: RegExp) => ({
  type: 'rejected',
  reason: expect.stringMatching(reason),
});

test('a statement says who computed what, and what came out', () => {
  const result = someResult(1);
  expect(readShownStatement(only([result, failed, returned]))).toEqual({
    peer: volunteer.peer,
    job: someJob,
    replicas: [
      {
        lease: 1,
        chunk: 2,
        said: {
          type: 'digest',
          digest: result.outcome.type === 'result' && result.outcome.digest,
          work: someDigest,
        },
        computeMs: 1.25,
      },
      {
        lease: Number.MAX_SAFE_INTEGER,
        chunk: 2 ** 31 - 1,
        said: { type: 'failure', kind: 'exited' },
        computeMs: 10,
      },
      { lease: 3, chunk: 0, said: { type: 'returned' }, computeMs: 0 },
    ],
  });
});

test('however many results there are, no statement is larger than what is read', () => {
  const large = { ...someResult(1), lease: Number.MAX_SAFE_INTEGER, chunk: 2 ** 31 - 1 };
  const replicas = Array.from({ length: 130 }, () => ({ ...large, computeMs: 1e12 }));
  const statements = signed(replicas);
  expect(statements.map((one) => readShownStatement(one).replicas.length)).toEqual([64, 64, 2]);
  for (const { payload } of statements) {
    expect(payload.length).toBeLessThan(limits.statementBytesMax);
  }
});

test('a statement altered in any one byte is refused', () => {
  const good = only([someResult(1)]);
  for (const part of ['payload', 'publicKey', 'signature'] as const) {
    for (let at = 0; at < good[part].length; at++) {
      const bytes = new Uint8Array(good[part]);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(read({ ...good, [part]: bytes }).type, `${part}, byte ${at}`).toBe('rejected');
    }
  }
});

test('a statement without its signature, or under the key of another, is refused', () => {
  const good = only([someResult(1)]);
  expect(read({ ...good, signature: new Uint8Array(0) })).toEqual(rejected(/does not fit/));
  expect(read({ ...good, publicKey: someKey().spki })).toEqual(rejected(/does not fit/));
});

test('what was signed as something else is no statement', () => {
  const { payload, publicKey } = only([someResult(1)]);
  const signature = signBytes(volunteer.privateKey, 'manyhands/v1/receipt', payload);
  expect(read({ payload, publicKey, signature })).toEqual(rejected(/does not fit/));
});

test('a result that does not say of what is never signed', () => {
  const { work: _work, ...withoutWork } = someResult(1);
  expect(() => signed([withoutWork])).toThrow(/says not of what/);
});
