/** `init`: a new job that runs as it stands. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Command } from 'commander';

import { GridError, reasonOf } from '../../model/errors.ts';
import { Context, type Io } from '../context.ts';
import { jobTemplate, readmeTemplate } from '../template.ts';

export function addInit(program: Command, io: Io): void {
  program
    .command('init')
    .summary('make a new job that runs as it stands')
    .description('Make a folder with a new job: a small program that runs as it stands.')
    .argument('<name>', 'folder to make')
    .addHelpText('after', '\nExamples:\n  manyhands init my-job\n  manyhands test my-job')
    .action((name: string, _options: object, self: Command) => init(name, new Context(self, io)));
}

async function init(folder: string, context: Context): Promise<void> {
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
  const files = {
    'job.ts': jobTemplate,
    'README.md': readmeTemplate(basename(folder), folder),
  };
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  } catch (error) {
    // Half a job would be in the way of the next try.
    await rm(folder, { recursive: true, force: true });
    throw new GridError('output-unwritable', `Can't write to ${folder}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  if (context.json) {
    context.printJson({ files: Object.keys(files).map((name) => join(folder, name)) });
    return;
  }
  context.print(
    `Made ${join(folder, 'job.ts')} and ${join(folder, 'README.md')}. Next:`,
    `  manyhands test ${folder}                      its first chunks, here, in the sandbox`,
    `  manyhands submit ${folder} samples=100000000  all of it, on the grid`,
  );
}
