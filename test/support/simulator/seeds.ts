/**
 * Which seeds a simulation runs with, and how to have one again that failed.
 *
 * A test has some fixed seeds, which always run. `SEEDS=50` adds fifty fresh ones, and
 * `npm run test:simulation` some anyway (`vitest.config.ts`); `SEED=123` runs that one alone.
 */

import { randomInt } from 'node:crypto';
import { constants, setPriority } from 'node:os';

import { describe, test } from 'vitest';

const FRESH_MAX = 1_000_000;

/** Tests of the sandbox run beside: its threads have the lowest priority, and would get nothing. */
setPriority(constants.priority.PRIORITY_LOW);

/**
 * A test for each seed.
 * @param name a sentence about behaviour
 */
export function simulate(
  name: string,
  fixed: readonly number[],
  run: (seed: number) => void | Promise<void>,
): void {
  // The caller gives the sentence, and makes the assertions.
  // oxlint-disable-next-line vitest/valid-title
  describe(name, () => {
    // oxlint-disable-next-line vitest/expect-expect
    test.each([...seedsOf(fixed, process.env)])('seed %i', (seed) => replayable(name, seed, run));
  });
}

/** @throws {Error} for a SEED or SEEDS that is no whole number */
export function seedsOf(
  fixed: readonly number[],
  { SEED, SEEDS }: { readonly SEED?: string; readonly SEEDS?: string },
): readonly number[] {
  if (SEED !== undefined) return [whole('SEED', SEED)];
  const fresh = whole('SEEDS', SEEDS ?? '0');
  return [...fixed, ...Array.from({ length: fresh }, () => randomInt(FRESH_MAX))];
}

/** What it throws tells how to have it again. */
export async function replayable(
  name: string,
  seed: number,
  run: (seed: number) => void | Promise<void>,
): Promise<void> {
  try {
    await run(seed);
  } catch (error) {
    if (error instanceof Error) error.message += `\n\nTo have it again: ${command(name, seed)}`;
    throw error;
  }
}

function command(name: string, seed: number): string {
  // What a shell or a regular expression would take for its own, any character stands for.
  const pattern = name.replaceAll(/[^\w ,:;=-]/g, '.');
  return `SEED=${seed} npm run test:simulation -- -t "${pattern}"`;
}

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`${name} should be a whole number, but is "${text}"`);
}
