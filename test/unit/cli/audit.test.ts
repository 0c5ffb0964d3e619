import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import type { AuditRecord } from '../../../src/model/audit.ts';
import {
  allResults,
  bea,
  cem,
  digestsOf,
  inPieces,
  lieAbout,
  requester,
  resultOf,
  sealed,
  someAudit,
  withHeader,
} from '../../support/audit-samples.ts';
import { stubDataFolder } from '../../support/cli-fixtures.ts';
import { servePeer } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { someKey } from '../../support/wire-samples.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

const liar = someKey();
const { job, records } = await someAudit({
  signed: [
    [bea, allResults()],
    [cem, allResults()],
    [liar, new Map([[3, lieAbout(3)]])],
  ],
});
const good = sealed(job, records);

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(tempDir(), 'primes.audit');
  await writeFile(path, bytes);
  return path;
}

const brief = (id: string) => id.slice(0, 8);

test('a file that holds is told of in a few lines, and needs no peer', async () => {
  const { code, stdout, stderr } = await runCli(['audit', await fileOf(good)], { columns: 80 });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.toString().split('\n')).toEqual([
    `audited ${brief(job)}: 4 chunks`,
    `requester   ${requester.peer}`,
    'trust       quorum:2',
    'believed    4 of 4 chunks, each signed by 2 different peers or more',
    'signatures  2 a chunk at least, 2 at the median',
    'statements  3, each signed by one of 3 peers',
    'others      1 peer signed 1 other result than the accepted ones:',
    `            chunk 3: ${brief(liar.peer)} signed ${brief(lieAbout(3))}, ` +
      `accepted is ${brief(resultOf(3))}`,
    '',
    'It holds.',
    '',
  ]);
});

test('what is wrong is listed, and the exit code says so', async () => {
  const digests = digestsOf(...allResults([0, lieAbout(0)]).values());
  const changed = records.map((record): AuditRecord => {
    return record.type === 'digests' ? { type: 'digests', digests } : record;
  });
  const path = await fileOf(sealed(job, changed));
  const { code, stdout, stderr } = await runCli(['audit', path], { columns: 80 });
  expect(code).toBe(14);
  expect(stdout.toString()).toContain(
    `wrong       Chunk 0: its accepted result ${brief(lieAbout(0))} has 0 signatures, and 2 are\n` +
      `            needed. 2 peers have signed ${brief(resultOf(0))} instead.\n`,
  );
  expect(stderr).toContain('has found 1 thing that should not be');
  const json = await runCli(['audit', path, '--json']);
  expect(json.code).toBe(14);
  expect(JSON.parse(json.stdout.toString())).toMatchObject({
    holds: false,
    findingsTotal: 1,
    findings: [{ kind: 'evidence', chunk: 0 }],
    job: { jobId: job, believed: 3, dissentsTotal: 3 },
  });
});

test('a job is audited by what the peer exports of it, which can be kept', async () => {
  const asked: unknown[] = [];
  await servePeer(data, {
    async *exportAudit(request) {
      asked.push(request);
      for await (const piece of inPieces(good)) yield { piece };
    },
  });
  expect(await runCli(['audit', brief(job)])).toMatchObject({ code: 0, stderr: '' });
  const path = join(tempDir(), 'out.audit');
  const kept = await runCli(['audit', brief(job), '--export', path, '--inputs']);
  expect(kept.code).toBe(0);
  expect(kept.stderr).toContain(`to ${path}\nIt has no inputs`);
  expect(asked).toEqual([
    { jobId: brief(job), withInputs: false },
    { jobId: brief(job), withInputs: true },
  ]);
  expect(await runCli(['audit', path])).toMatchObject({ code: 0 });
});

test('without inputs nothing is recomputed: it says why, behind the verdict', async () => {
  const path = await fileOf(good);
  const { code, stdout, stderr } = await runCli(['audit', path, '--recompute', '1%']);
  expect(code).toBe(2);
  expect(stdout.toString()).toContain('believed    4 of 4 chunks');
  expect(stdout.toString()).not.toContain('It holds.');
  expect(stderr).toContain('nothing to recompute from');
  const json = await runCli(['audit', path, '--recompute', '1%', '--json']);
  expect(JSON.parse(json.stdout.toString())).toMatchObject({
    holds: true,
    recomputed: { reason: expect.stringContaining('nothing to recompute from') },
  });
});

test('what is wrong decides, whatever came in the way of recomputing', async () => {
  const { job: id, records: all } = await someAudit({ withInputs: true });
  const many = withHeader(all, { chunks: 2 ** 31 });
  for (const lying of [sealed(id, many), sealed(job, records, someKey())]) {
    const run = await runCli(['audit', await fileOf(lying), '--recompute', '100%']);
    expect(run.code).toBe(14);
    expect(run.stdout.toString()).toContain('wrong       ');
    expect(run.stderr).toMatch(/should not be\. (The chunks can't|There is nothing)/);
  }
});

test('what is exported without inputs has none, also where some are recomputed', async () => {
  const asked: unknown[] = [];
  await servePeer(data, {
    async *exportAudit(request) {
      asked.push(request);
      for await (const piece of inPieces(good)) yield { piece };
    },
  });
  const path = join(tempDir(), 'out.audit');
  const shout = brief(job).toUpperCase();
  await runCli(['audit', shout, '--export', path, '--recompute', '5']);
  expect(asked).toEqual([
    { jobId: brief(job), withInputs: false },
    { jobId: brief(job), withInputs: true },
  ]);
  expect((await readFile(path)).equals(good)).toBe(true);
});

test('what can only be written is not read for the audit', async () => {
  await servePeer(data, {
    async *exportAudit() {
      for await (const piece of inPieces(good)) yield { piece };
    },
  });
  const { code, stdout, stderr } = await runCli(['audit', brief(job), '--export', '/dev/null']);
  expect([code, stdout.toString()]).toEqual([0, expect.stringContaining('It holds.')]);
  expect(stderr).toContain('to /dev/null');
});

test.each([
  [['audit', 'no-such.audit'], 7, "Can't read the audit file no-such.audit"],
  [['audit', './c0ffee'], 7, "Can't read the audit file ./c0ffee"],
  [['audit', 'c0ffee'], 8, 'No peer is running here'],
  [['audit', './x.audit', '--export', 'y.audit'], 2, 'Give the id of a job'],
  [['audit', 'c0ffee', '--inputs'], 2, 'Give both, or neither'],
  [['audit', 'c0ffee', '--recompute', '0'], 2, 'a share such as 1% or 0.01'],
  [['audit', 'c0ffee', '--recompute', '101%'], 2, 'a share such as 1% or 0.01'],
])('%j ends with %i', async (line, code, text) => {
  const run = await runCli(line);
  expect(run.code).toBe(code);
  expect(run.stderr).toContain(text);
});

test('a file that is none says what was expected', async () => {
  const { code, stderr } = await runCli(['audit', await fileOf(Buffer.from('{"a":1}'))]);
  expect([code, stderr]).toEqual([7, expect.stringContaining('no audit file')]);
});
