/** What tests of the command line begin with: a data folder of their own, and a small job. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished, vi } from 'vitest';

import { tempDir } from './temp-dir.ts';

/** Commands of this test use it without being told; it is not made yet. */
export function stubDataFolder(): string {
  const data = join(tempDir(), 'data');
  vi.stubEnv('MANYHANDS_DATA', data);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return data;
}

/** The sum of the squares below `n`. @returns the path of tiny.ts */
export async function writeTinyJob(): Promise<string> {
  const path = join(tempDir(), 'tiny.ts');
  await writeFile(
    path,
    `export function* split(params: { n: number }) { for (let i = 0; i < params.n; i++) yield i; }
     export function compute(i: number) { return i * i; }
     export async function merge(results: AsyncIterable<number>) {
       let sum = 0; for await (const r of results) sum += r; return sum; }`,
  );
  return path;
}

/** One of the programs in `test/support/wasi`. @returns its path */
export function wasiProgram(name: 'args' | 'echo' | 'exit-3' | 'no-op'): string {
  return fileURLToPath(new URL(`wasi/${name}.wasm`, import.meta.url));
}
