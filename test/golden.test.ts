/**
 * Every job that ships, from its source to its final result through the bundler and the real
 * sandbox, against the answer in its folder. A job without an expected.json is an error.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readJob } from '../src/cli/job-source.ts';
import type { MergeOutput } from '../src/ports.ts';
import { JobInput } from '../src/runtime/job-input.ts';
import { tryJob } from '../src/runtime/try-job.ts';
import { digestOf } from '../src/wire/digest.ts';
import { generousLimits } from './support/job-runner.ts';

type Expected = {
  readonly meaning: string;
  readonly params: object;
  /** A file beside it. */
  readonly input?: string;
  readonly kind: MergeOutput['kind'];
  /** Of kind json or text. */
  readonly value?: unknown;
  /** Of kind bytes. */
  readonly sha256?: string;
};

const jobs = join(import.meta.dirname, '..', 'jobs');
const names = readdirSync(jobs, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

test('the jobs that the README promises ship', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'collatz',
      'factors',
      'mandelbrot',
      'montecarlo',
      'nqueens',
      'primes',
      'wordcount',
    ]),
  );
});

describe.each(names)('%s', (name) => {
  test('gives the result that is expected of it', async () => {
    const expected: Expected = JSON.parse(readFileSync(join(jobs, name, 'expected.json'), 'utf8'));
    expect(found(await runJob(name, expected))).toEqual({
      kind: expected.kind,
      value: expected.value ?? expected.sha256,
    });
  });
});

/** A result as an expected.json states it: bytes by their digest. */
function found({ kind, value }: MergeOutput): { readonly kind: string; readonly value: unknown } {
  if (kind === 'bytes') return { kind, value: digestOf(value) };
  const text = new TextDecoder().decode(value);
  return { kind, value: kind === 'json' ? JSON.parse(text) : text };
}

/** Every chunk is computed twice on the way, and comes out the same. */
async function runJob(name: string, expected: Expected): Promise<MergeOutput> {
  const path = expected.input === undefined ? undefined : join(jobs, name, expected.input);
  const input = path === undefined ? undefined : await JobInput.open(path);
  const events = await Array.fromAsync(
    tryJob({
      job: await readJob(name),
      paramsJson: JSON.stringify(expected.params),
      ...(input === undefined ? {} : { input }),
      chunksMax: 10_000,
      limits: generousLimits,
    }),
  );
  await input?.close();
  const last = events.at(-1);
  if (last?.type !== 'merged') throw new Error(JSON.stringify(last));
  expect(events.map(({ type }) => type)).toContain('same');
  expect(last.sawAll).toBe(true);
  return last.output;
}
