/**
 * Attacks: small jobs that mean harm, and what each must come to. An attack has not only to fail in
 * the right way: the process must have lived through it, and the next honest chunk must be right,
 * of the attacker's own program as well as of another's.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { ChunkLimits } from '../../src/model/job.ts';
import { limits as allLimits } from '../../src/model/limits.ts';
import type { Failure } from '../../src/model/replica.ts';
import type { ChunkOutcome, LoadableProgram, Sandbox } from '../../src/ports.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { batchOf, generousLimits, programText, scriptOf, shown } from './job-runner.ts';

const MiB = 1024 * 1024;

/** What attackers may have: little, so that having too much doesn't take long. */
export const attackLimits: ChunkLimits = {
  ...generousLimits,
  memoryBytesMax: 64 * MiB,
  resultBytesMax: 64 * 1024,
  stderrBytesMax: 4 * 1024,
};

export type Attack = {
  readonly program: LoadableProgram;
  readonly input: unknown;
  /** A chunk of the same program that is none of the attack, if it has one. */
  readonly honest?: { readonly input: unknown; readonly value: unknown };
  readonly limits?: Partial<ChunkLimits>;
};

/**
 * A script whose `compute` does harm.
 * @param harm statements; what they return is the chunk's result
 * @param top statements at the program's top level, which run for the honest chunk too
 */
export function script(harm: string, top = ''): Attack {
  const body = `${top}
    function harm() { ${harm} }
    function compute(input) { return input === 'attack' ? harm() : input * input; }`;
  return {
    program: scriptOf(programText(body)),
    input: 'attack',
    honest: { input: 12, value: 144 },
  };
}

/** The same, to be ended after less than half a second. */
export function endless(attack: Attack): Attack {
  return { ...attack, limits: { wallMsMax: 300 } };
}

/** A WASI program that does harm. */
export function command(
  module: Uint8Array,
  options: {
    readonly stdin?: string;
    readonly arguments?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Attack {
  const { stdin = '', arguments: args = [], files = {} } = options;
  const setup = digestOf(Buffer.from(JSON.stringify([args, files])));
  return {
    program: {
      runtime: 'wasi',
      key: `wasi:${digestOf(module)}:${setup}:${attackLimits.memoryBytesMax}`,
      module: async () => module,
      arguments: ['attack', ...args],
      environment: [],
      files: Object.entries(files).map(([path, text]) => ({
        path,
        bytes: async () => Buffer.from(text),
      })),
    },
    input: Buffer.from(stdin),
  };
}

/** To be compared with. */
export function failure(kind: Failure['kind'], detail: string | RegExp): unknown {
  return { kind, detail: detail instanceof RegExp ? expect.stringMatching(detail) : detail };
}

/**
 * Runs an attack, and honest chunks after it, which must be right.
 * @returns what came of the attack: a failure, or the result, decoded
 */
export async function attacked(sandbox: Sandbox, attack: Attack): Promise<unknown> {
  const { program, input, honest, limits } = attack;
  const { restarts } = sandbox.stats();
  await expectLoaded(sandbox, program);
  const outcomes = await untilComputed(sandbox, program, input, { ...attackLimits, ...limits });
  for (const { outcome } of outcomes) {
    const said = outcome.type === 'failure' ? outcome.failure.detail.length : 0;
    expect(said).toBeLessThanOrEqual(allLimits.reasonCharsMax);
  }
  if (honest !== undefined) {
    const next = await sandbox.run(batchOf(program.key, [honest.input], attackLimits));
    expect(shown(next)).toEqual([honest.value]);
  }
  await expectHonest(sandbox);
  expect(sandbox.stats().restarts).toBe(restarts);
  return shown(outcomes)[0];
}

/** A chunk that a busy machine gave no time is given back: it is leased again. */
async function untilComputed(
  sandbox: Sandbox,
  { key }: LoadableProgram,
  input: unknown,
  limits: ChunkLimits,
): Promise<readonly ChunkOutcome[]> {
  for (let tries = 1; ; tries += 1) {
    const outcomes = await sandbox.run(batchOf(key, [input], limits));
    if (tries === triesMax || outcomes[0]?.outcome.type !== 'returned') return outcomes;
  }
}

/** Each takes some times the time that a chunk may take. */
const triesMax = 20;

/**
 * Offers a program that is refused before anything of it runs, and runs honest chunks after it.
 * @returns why it is refused
 */
export async function refused(sandbox: Sandbox, { program }: Attack): Promise<unknown> {
  const { restarts } = sandbox.stats();
  const failure = await sandbox.load(program, attackLimits);
  expect(shown(await sandbox.run(batchOf(program.key, [0], attackLimits)))).toEqual(['returned']);
  await expectHonest(sandbox);
  expect(sandbox.stats().restarts).toBe(restarts);
  return failure;
}

const square = scriptOf(programText('function compute(input) { return input * input; }'));
const echo: Attack = command(readFileSync(join(import.meta.dirname, 'wasi', 'echo.wasm')));

/** Chunks of others are computed as if nothing had been. */
export async function expectHonest(sandbox: Sandbox): Promise<void> {
  await expectLoaded(sandbox, square);
  await expectLoaded(sandbox, echo.program);
  const stdin = Buffer.from('an honest chunk');
  const outcomes = await Promise.all([
    sandbox.run(batchOf(square.key, [7, 8], attackLimits)),
    sandbox.run(batchOf(echo.program.key, [stdin], attackLimits)),
  ]);
  const [squares, echoed] = outcomes.map(shown);
  expect(squares).toEqual([49, 64]);
  expect(echoed?.map(String)).toEqual([String(new Uint8Array(stdin))]);
}

async function expectLoaded(sandbox: Sandbox, program: LoadableProgram): Promise<void> {
  expect(await sandbox.load(program, attackLimits)).toBeUndefined();
}
