/** An input is read as it is split: its size shows in the time a job takes, not in memory. */

import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { manyhands, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { record } from '../support/peer-process.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = fileURLToPath(new URL('../../jobs/wordcount/', import.meta.url));
const lengths = fileURLToPath(new URL('../support/jobs/lengths.ts', import.meta.url));
const text = readFileSync(join(folder, 'psalms-and-new-testament.txt'));

/** As often as the text fits 60 MB, and 240 MB. */
const fewTimes = 51;
const manyTimes = 204;

test('a text of any size is counted exactly, in memory that does not grow with it', async (ctx) => {
  const requester = await startPeer({ slots: 0 });
  const volunteer = await startPeer({ slots: 2, through: [requester] });
  await volunteer.logged(/neighbour up/);
  expect(await submit(requester, ['wordcount', 'top=3'], fewTimes)).toEqual(countsOf(fewTimes));
  const before = peakBytes(requester);
  expect(await submit(requester, [lengths], manyTimes)).toBe(text.toString().length * manyTimes);
  const after = peakBytes(requester);
  if (before === undefined || after === undefined) {
    ctx.skip('how much memory a process had at most is known on Linux only');
    return;
  }
  // Some is left to the garbage collector, which is lazier the more there is to do.
  expect(after - before).toBeLessThan((manyTimes - fewTimes) * text.length * 0.5);
});

async function submit(
  { dataPath }: PeerProcess,
  job: readonly string[],
  times: number,
): Promise<unknown> {
  const path = join(tempDir(), 'long.txt');
  await pipeline(Readable.from(Array<Buffer>(times).fill(text)), createWriteStream(path));
  const options = ['--input', path, '--trust', 'all'];
  const { code, stdout } = await manyhands(['--data', dataPath, 'submit', ...job, ...options]);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** What wordcount is known to find in the text, so many times over. */
function countsOf(times: number): unknown {
  const expected = record(JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')));
  const { words, differentWords, top } = record(expected['value']);
  const topWords = Array.isArray(top) ? top.map(record) : [];
  return {
    words: Number(words) * times,
    differentWords,
    top: topWords.map(({ word, count }) => ({ word, count: Number(count) * times })),
  };
}

/** The most memory that the process ever had resident. */
function peakBytes({ process: { pid } }: PeerProcess): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
