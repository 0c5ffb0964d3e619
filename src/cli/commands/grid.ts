/** `grid create`: a private grid is a file, and who holds it is a member. */

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { Context, type Io } from '../context.ts';
import { option } from '../options.ts';

export function addGrid(program: Command, io: Io): void {
  program
    .command('grid')
    .summary('make a private grid')
    .description('Make a private grid. Without one, peers join the open grid.')
    .command('create')
    .summary('make a private grid and write its file')
    .description(
      'Make a new private grid and write its file. Whoever holds the file can join the grid, so ' +
        'pass it on as you would a password.',
    )
    .argument('<file>', 'where to write it; must not exist yet')
    .addOption(option('--name <name>', 'what people call the grid').default('private'))
    .addHelpText(
      'after',
      `
Examples:
  manyhands grid create our.grid --name "our lab"
  manyhands join --grid our.grid`,
    )
    .action((file: string, { name }: { name: string }, self: Command) =>
      create(file, name, new Context(self, io)),
    );
}

async function create(file: string, name: string, context: Context): Promise<void> {
  const { createGridFile } = await import('../../runtime/grid-file.ts');
  await createGridFile(file, name);
  if (context.json) context.printJson({ file: resolve(file), name });
  else {
    context.print(
      `Wrote ${file}. Copy it, in secret, to each machine of the grid, and start each with`,
      `  manyhands join --grid ${file}`,
    );
  }
}
