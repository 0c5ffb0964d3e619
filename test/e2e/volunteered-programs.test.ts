/** What volunteers take and decline, and what they keep of it on their disk. */

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { digestOf } from '../../src/wire/digest.ts';
import { manyhands, type PeerProcess, startPeer } from '../support/grid-process.ts';
import { tempDir } from '../support/temp-dir.ts';

const program = fileURLToPath(new URL('../support/wasi/args.wasm', import.meta.url));

/** One that only asks, and one that computes for it. */
async function requesterAndVolunteer(args: string[] = []): Promise<[PeerProcess, PeerProcess]> {
  const requester = await startPeer({ slots: 0 });
  const volunteer = await startPeer({ through: [requester], args });
  await volunteer.logged(/neighbour up/);
  return [requester, volunteer];
}

function submit(requester: PeerProcess, ...args: string[]) {
  const where = ['--data', requester.dataPath];
  return manyhands([...where, 'submit', program, '--range', '0..2', '--trust', 'all', ...args]);
}

test('a WASI program is computed with its data, and kept for the jobs to come', async () => {
  const [requester, volunteer] = await requesterAndVolunteer();
  const words = join(tempDir(), 'words.txt');
  writeFileSync(words, 'many hands\n');
  const one = await submit(requester, '--arg', 'one', '--env', 'A=1', '--data', words);
  expect([one.code, one.stdout]).toEqual([0, expect.stringContaining('many hands')]);
  expect(one.stdout).toMatch(/argument 1: one\n.*environment: A=1\n/s);

  const cached = (): string[] => readdirSync(join(volunteer.dataPath, 'cache')).toSorted();
  const [module, data] = [program, words].map((path) => digestOf(readFileSync(path)));
  const first = cached();
  expect(first).toHaveLength(3);
  expect(first).toEqual(expect.arrayContaining([module, data]));
  // The requester has them as its own; it caches nothing.
  expect(readdirSync(join(requester.dataPath, 'cache'))).toEqual([]);

  // The same module and file with other arguments: only its setup is new.
  const two = await submit(requester, '--arg', 'two', '--data', words);
  expect([two.code, two.stdout]).toEqual([0, expect.stringContaining('argument 1: two')]);
  expect(cached()).toHaveLength(4);
  expect(cached()).toEqual(expect.arrayContaining(first));
});

test('a job that wants more than its volunteer gives is declined, and both say so', async () => {
  const [requester, volunteer] = await requesterAndVolunteer(['--max-memory', '128MiB']);
  const submitted = await submit(requester, '--memory-limit', '512MiB', '--detach');
  expect(submitted).toMatchObject({ code: 0, stderr: '' });
  const reason = 'needs 512 MiB of memory a chunk; this peer gives 128 MiB';
  await expect
    .poll(async () => (await volunteer.control.status()).declined)
    .toEqual([{ name: 'args', reason }]);
  expect(await volunteer.control.status()).toMatchObject({
    state: 'idle',
    reason: `declined: args ${reason}`,
    memoryBytesMax: 128 * 2 ** 20,
    sandboxRestarts: 0,
    sandboxTrouble: '',
  });
  expect(readdirSync(join(volunteer.dataPath, 'cache'))).toEqual([]);
  const [job] = (await requester.control.listJobs()).jobs;
  await requester.control.cancel({ jobId: job?.jobId ?? '' });
  await expect.poll(async () => (await volunteer.control.status()).declined).toEqual([]);
});
