/** Jobs that real peers have computed, audited by who ran them and by who was not there. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type SampleOptions, sealed, someAudit } from '../support/audit-samples.ts';
import {
  haveReturned,
  jobState,
  manyhands,
  type PeerProcess,
  startGrid,
  startPeer,
  withoutWorkOf,
} from '../support/grid-process.ts';
import { squaresDone, submitSquares } from '../support/small-job.ts';
import { tempDir } from '../support/temp-dir.ts';

const programOf = (compute: string) => Buffer.from(`var job = { compute: ${compute} }; job;`);
const squares = programOf('({ chunk }) => chunk * chunk');
// The same for the first chunk only, of 0.
const cubes = programOf('({ chunk }) => chunk === 0 ? 0 : -chunk * chunk * chunk');
const other = programOf('({ chunk }) => -chunk - 1');
const greedy = programOf('() => { for (const all = []; ;) all.push(new Array(1e6).fill(1.5)); }');

test('a job is audited by its peer, and by somebody who has nothing but the file', async () => {
  const [ada] = await startGrid();
  const count = 200;
  const jobId = await submitSquares(ada, { count, work: 100_000, quorum: 2 });
  await squaresDone(ada, jobId, count);

  const own = await manyhands(['--data', ada.dataPath, 'audit', jobId.slice(0, 8)]);
  expect(own.stdout).toContain('believed    200 of 200 chunks');
  expect(own.stdout).toContain('It holds.');
  expect(own).toMatchObject({ code: 0, stderr: '' });

  const file = join(tempDir(), 'squares.audit');
  const exporting = ['audit', jobId, '--export', file, '--inputs'];
  expect(await manyhands(['--data', ada.dataPath, ...exporting])).toMatchObject({ code: 0 });
  await ada.end();

  const elsewhere = ['--data', join(tempDir(), 'nothing-here'), 'audit'];
  const again = await manyhands([...elsewhere, file, '--recompute', '10%', '--json']);
  expect(again).toMatchObject({ code: 0 });
  expect(JSON.parse(again.stdout)).toMatchObject({
    holds: true,
    job: { jobId, requester: ada.peer, chunks: count, believed: count, leastSignatures: 2 },
    recomputed: { chunks: 20, same: 20, different: 0, undecided: [] },
  });

  const bytes = await readFile(file);
  const cut = join(tempDir(), 'cut.audit');
  await writeFile(cut, bytes.subarray(0, bytes.length - 1));
  const short = await manyhands([...elsewhere, cut]);
  expect(short.code).toBe(14);
  expect(short.stdout).toMatch(/^wrong +Record \d+ is cut short/m);
  const flipped = join(tempDir(), 'flipped.audit');
  bytes[400] = (bytes[400] ?? 0) ^ 1;
  await writeFile(flipped, bytes);
  expect(await manyhands([...elsewhere, flipped])).toMatchObject({ code: 14 });
});

test.each<[string, SampleOptions, number, RegExp]>([
  ['comes out the same', { program: squares }, 0, /came out the same\n\nIt holds/],
  ['comes out otherwise', { program: cubes }, 14, /3 otherwise\nwrong /],
  ['needs more memory than there is', { program: greedy }, 15, /3: out-of-memory\n/],
  ['may come out otherwise', { program: cubes, comparison: 'equals' }, 0, /3 could not be told\n/],
  ['never comes out', { program: other, comparison: 'equals' }, 15, /4 could not be told\n/],
])('recomputed from a file, what %s is told', async (_what, options, code, text) => {
  const { job, records } = await someAudit({ ...options, withInputs: true });
  const file = join(tempDir(), 'job.audit');
  await writeFile(file, sealed(job, records));
  const run = await manyhands(['audit', file, '--recompute', '100%']);
  expect(run).toMatchObject({ code, stdout: expect.stringMatching(text) });
  expect(run.stdout.includes('It holds.')).toBe(code === 0);
});

test('a job that believes on evidence shows what it believed, and who lied', async () => {
  const ada = await startPeer();
  const joined = async (options: object): Promise<PeerProcess> => {
    const peer = await startPeer({ ...options, through: [ada] });
    await peer.logged(/neighbour up/);
    return peer;
  };
  const honest = [ada, await joined({}), await joined({})];
  const liar = await joined({ lieRate: 0.3, honestFirst: 20 });
  const credibility = { errorRate: 1e-3, assumeFaulty: 0.2, identitiesScarce: false };
  const count = 800;
  // Alone it decides nothing.
  const jobId = await withoutWorkOf(honest, async () => {
    const submitted = await submitSquares(ada, { count, work: 100_000, credibility });
    await haveReturned([liar], ada, submitted, 50);
    return submitted;
  });
  const job = await jobState(ada.control, jobId, ({ state }) => state === 'done');
  const [caught] = job.caught;
  expect(caught).toBeDefined();
  const audit = await manyhands(['--data', ada.dataPath, 'audit', jobId, '--recompute', '5']);
  expect(audit.stdout).toContain('believed    800 of 800 chunks');
  expect(audit.stdout).toMatch(/^others +1 peer signed \d+ other results?/m);
  expect(audit.stdout).toMatch(/^caught +\w{8}, as the requester says/m);
  expect(audit.stdout).toMatch(/^recomputed +5 chunks picked at random, all came out the same/m);
  expect(audit.code).toBe(0);
});
