import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { listedFiles } from '../../../src/cli/listed-files.ts';
import { limits } from '../../../src/model/limits.ts';
import { tempDir } from '../../support/temp-dir.ts';

const cwd = process.cwd();

beforeEach(async () => {
  process.chdir(tempDir());
  await mkdir('data/inner', { recursive: true });
  const names = ['data/b.txt', 'data/a.txt', 'data/B.txt', 'data/a[1].txt', 'data/inner/c.txt'];
  for (const name of names) await writeFile(name, name);
});

afterEach(() => process.chdir(cwd));

async function namesOf(...patterns: readonly string[]): Promise<string[]> {
  return (await listedFiles(patterns)).map(({ name }) => name);
}

describe('the files of --files', () => {
  test('that a pattern finds are sorted by their characters, without folders', async () => {
    expect(await namesOf('data/*')).toEqual(['B.txt', 'a.txt', 'a[1].txt', 'b.txt']);
    expect(await namesOf('data/**/*.txt')).toContain('c.txt');
  });

  test('stay in the order in which they were named, each once', async () => {
    expect(await namesOf('data/b.txt', 'data/a.txt', 'data/*')).toEqual([
      'b.txt',
      'a.txt',
      'B.txt',
      'a[1].txt',
    ]);
  });

  test('may have names that look like patterns', async () => {
    expect(await listedFiles(['data/a[1].txt'])).toEqual([
      { path: join(process.cwd(), 'data/a[1].txt'), name: 'a[1].txt' },
    ]);
  });

  test.each([
    ['that are not there', 'data/*.csv', /found no file for data\/\*\.csv/],
    ['that are a folder', 'data/', /data\/ is a folder\. .*--files 'data\/\*'/],
    ['that no chunk can hold', 'large', /large has 1 MiB, and a chunk may have 1 MiB\..*--bytes/],
  ])('%s are refused, with what to do', async (_what, pattern, reason) => {
    await writeFile('large', new Uint8Array(limits.pieceBytesMax + 1));
    await expect(listedFiles([pattern])).rejects.toMatchObject({ code: 'input-unreadable' });
    await expect(listedFiles([pattern])).rejects.toThrow(reason);
  });

  test('may have as many bytes as a chunk', async () => {
    await writeFile('large', new Uint8Array(limits.pieceBytesMax));
    expect(await namesOf('large')).toEqual(['large']);
  });
});
