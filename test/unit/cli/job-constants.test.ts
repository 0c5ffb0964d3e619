import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readJobConstants } from '../../../src/cli/job-constants.ts';
import { tempDir } from '../../support/temp-dir.ts';

const steps = 'export function* split() { yield 1; }\nexport async function merge() {}\n';

async function constantsOf(text: string, others: Record<string, string> = {}): Promise<object> {
  const folder = tempDir();
  for (const [name, content] of Object.entries(others))
    await writeFile(join(folder, name), content);
  await writeFile(join(folder, 'job.ts'), text);
  return readJobConstants(join(folder, 'job.ts'));
}

describe('the constants of a job file', () => {
  test('are those of JavaScript where it says nothing', async () => {
    expect(await constantsOf(`${steps}export function compute() {}`)).toEqual({
      runtime: 'javascript',
    });
    expect(await constantsOf("export const runtime = 'javascript';")).toEqual({
      runtime: 'javascript',
    });
  });

  test('name the program, and what it is given', async () => {
    const text = `
      const settings: string[] = ['A=1', \`B=\\\`\\\${x}\`];
      export const runtime = 'wasi' as const;
      export const program: string = 'say "hi" \\\\ it\\'s.wasm';
      export const args = [
        '-n', // a comment
        'two\\nlines',
      ];
      export { settings as env };
      export { words as data } from './words.ts';
      ${steps}`;
    const words =
      "const inner = ['ä.txt'];\nconst program = 5;\nconsole.log(program);\n" +
      'export { inner as words };';
    expect(await constantsOf(text, { 'words.ts': words })).toEqual({
      runtime: 'wasi',
      program: `say "hi" \\ it's.wasm`,
      args: ['-n', 'two\nlines'],
      env: ['A=1', 'B=`${x}'],
      data: ['ä.txt'],
    });
  });

  test('may leave out all but the program', async () => {
    const text = "export const runtime = 'wasi', program = 'a.py', args = [];";
    expect(await constantsOf(`${text}\n${steps}`)).toEqual({
      runtime: 'wasi',
      program: 'a.py',
      args: [],
      env: [],
      data: [],
    });
  });

  test.each([
    [
      'a computed program',
      "export const program = 'a' + Math.random();",
      /program must be written/,
    ],
    [
      'a template to fill in',
      'const x = 1; export const program = `a${x}.wasm`;',
      /program must be/,
    ],
    ['a program that is a list', "export const program = ['a.wasm'];", /must name its program/],
    ['no program', '', /must name its program/],
    [
      'a list of numbers',
      "export const program = 'a.wasm', args = [1];",
      /args must be written down/,
    ],
    ['a text for a list', "export const program = 'a.wasm', data = 'x';", /data must be a list/],
    [
      'compute as well',
      "export const program = 'a.wasm'; export function compute() {}",
      /its program computes the chunks, yet it exports compute too/,
    ],
  ])('are refused with %s', async (_what, text, reason) => {
    const job = constantsOf(`export const runtime = 'wasi';\n${text}\n${steps}`);
    await expect(job).rejects.toMatchObject({ code: 'job-invalid' });
    await expect(job).rejects.toThrow(reason);
  });

  test('are refused with a runtime that is not known', async () => {
    await expect(constantsOf("export const runtime = 'jvm';")).rejects.toThrow(
      /neither 'wasi' nor 'javascript'/,
    );
  });

  test('are read without running the job', async () => {
    const text = `globalThis.touched = true; export const runtime = (() => 'wasi')();\n${steps}`;
    await expect(constantsOf(text)).rejects.toThrow(/runtime must be written down/);
    expect(globalThis).not.toHaveProperty('touched');
  });
});
