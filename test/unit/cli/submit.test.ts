import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { stubDataFolder, writeTinyJob } from '../../support/cli-fixtures.ts';
import { aDoneJob, aJobId, servePeer, serveResult } from '../../support/fake-control.ts';
import { runCli } from '../../support/run-cli.ts';
import { tempDir } from '../../support/temp-dir.ts';

let data: string;

beforeEach(() => {
  data = stubDataFolder();
});

describe('submit', () => {
  test('sends the job with its limits, and prints nothing but the result on stdout', async () => {
    let request: object | undefined;
    await servePeer(data, {
      submit: (each) => {
        request = each;
        return Promise.resolve({ jobId: aJobId });
      },
      async *watch() {
        yield { job: aDoneJob() };
      },
      async *result() {
        yield { kind: 'json', piece: Buffer.from('14') };
      },
    });
    const job = await writeTinyJob();
    const input = join(tempDir(), 'in.txt');
    await writeFile(input, 'text');
    const limits = '--wall-limit 1m30s --memory-limit 64MiB --result-limit 1KiB --max-chunks 9';
    const args = ['submit', job, 'n=4', '--input', input, '--trust', 'quorum:3'];
    const submitted = await runCli([...args, ...limits.split(' ')]);
    expect(submitted).toMatchObject({ code: 0, stdout: Buffer.from('14\n') });
    expect(submitted.stderr).toContain('Submitted tiny as c0ffee00, trust quorum:3');
    expect(request).toMatchObject({
      name: 'tiny',
      paramsJson: '{"n":4}',
      inputPath: input,
      quorum: 3,
      wallMsMax: 90_000,
      memoryBytesMax: 67_108_864,
      resultBytesMax: 1024,
      chunksMax: 9,
    });
  });

  test('as JSON prints a line for the submission, each event and the result', async () => {
    await serveResult(data, 'json', '14');
    const { stdout, stderr } = await runCli(['submit', await writeTinyJob(), 'n=4', '--json']);
    const lines = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { type: 'submitted', jobId: aJobId, name: 'tiny', quorum: 2 },
      { type: 'progress', state: 'running' },
      { type: 'progress', state: 'done' },
      { type: 'result', jobId: aJobId, kind: 'json', value: 14 },
    ]);
    expect(stderr).toBe('');
  });

  test('--detach prints the id and returns; without a peer it is refused', async () => {
    const job = await writeTinyJob();
    expect(await runCli(['submit', job, '--detach'])).toMatchObject({ code: 8 });
    await servePeer(data);
    const { code, stdout } = await runCli(['submit', job, '--detach']);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: `${aJobId}\n` });
  });

  test('says which options a running peer makes useless', async () => {
    await servePeer(data);
    const { stderr } = await runCli(['submit', await writeTinyJob(), '--detach', '--slots', '1']);
    expect(stderr).toContain('Not used: --slots.');
  });

  test('looks at input and output before anything is sent', async () => {
    let isSubmitted = false;
    await servePeer(data, {
      submit: () => {
        isSubmitted = true;
        return Promise.resolve({ jobId: aJobId });
      },
    });
    const job = await writeTinyJob();
    const folder = tempDir();
    const missing = await runCli(['submit', job, '--input', join(folder, 'missing')]);
    expect(missing.code).toBe(7);
    expect(missing.stderr).toContain(join(folder, 'missing'));
    expect(await runCli(['submit', job, '--input', folder])).toMatchObject({ code: 7 });
    expect(await runCli(['submit', job, '--out', join(folder, 'no', 'out')])).toMatchObject({
      code: 7,
    });
    expect(await runCli(['submit', job, '--out', folder])).toMatchObject({ code: 7 });
    expect(isSubmitted).toBe(false);
  });

  test('tells a syntax error with file, line and column', async () => {
    const folder = tempDir();
    await writeFile(join(folder, 'job.ts'), 'export function* split() {\n  yield 1 +;\n}');
    await servePeer(data);
    const { code, stderr } = await runCli(['submit', folder]);
    expect(code).toBe(3);
    expect(stderr).toContain('job.ts:2:12');
  });
});
