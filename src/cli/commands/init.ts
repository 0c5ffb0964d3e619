/** `init`: a new job that runs as it stands. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import type { Command } from 'commander';

import { GridError, reasonOf } from '../../model/errors.ts';
import { Context, type Io } from '../context.ts';
import { valueOption } from '../options.ts';
import {
  type Language,
  languages,
  nextCommands,
  type TemplateFile,
  templateFiles,
} from '../template.ts';
import { parseWord } from '../values.ts';

export function addInit(program: Command, io: Io): void {
  program
    .command('init')
    .summary('make a new job that runs as it stands')
    .description('Make a folder with a new job: a small program that runs as it stands.')
    .argument('<name>', 'folder to make')
    .addOption(
      valueOption('--lang <language>', languages.join(', '), parseWord(languages)).default(
        'typescript',
      ),
    )
    .addHelpText(
      'after',
      `
Examples:
  manyhands init my-job
  manyhands test my-job
  manyhands init my-script --lang python
  manyhands init my-program --lang wasi`,
    )
    .action((name: string, { lang }: { lang: Language }, self: Command) =>
      init(name, lang, new Context(self, io)),
    );
}

async function init(folder: string, language: Language, context: Context): Promise<void> {
  const files = await templateFiles(language, basename(resolve(folder)), folder);
  await makeFolder(folder);
  await writeFiles(folder, files);
  if (context.json) {
    context.printJson({ files: files.map(({ name }) => join(folder, name)) });
    return;
  }
  const [look, all] = nextCommands(language, folder);
  const columns = Math.max(look.length, all.length);
  context.print(
    `Made ${files.map(({ name }) => join(folder, name)).join(', ')}. Next:`,
    `  manyhands ${look.padEnd(columns)}  its first chunks, here, in the sandbox`,
    `  manyhands ${all.padEnd(columns)}  all of it, on the grid`,
  );
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new GridError(
      'output-unwritable',
      isThere
        ? `${folder} is there already, and nothing of it is overwritten. Choose another name.`
        : `Can't make the folder ${folder}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}

async function writeFiles(folder: string, files: readonly TemplateFile[]): Promise<void> {
  try {
    for (const { name, content } of files) await writeFile(join(folder, name), content);
  } catch (error) {
    // Half a job would be in the way of the next try.
    await rm(folder, { recursive: true, force: true });
    throw new GridError('output-unwritable', `Can't write to ${folder}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
