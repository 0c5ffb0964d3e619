/** `exit-codes`: what the process' exit code tells a script. */

import type { Command } from 'commander';

import { Context, type Io } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';

export function addExitCodes(program: Command, io: Io): void {
  const lines = exitCodes.map(({ number, meaning }) => `${String(number).padStart(3)}  ${meaning}`);
  program
    .command('exit-codes')
    .summary('explain the exit codes')
    .description('Explain the exit codes.')
    .addHelpText('after', `\n${lines.join('\n')}`)
    .action((_options: object, self: Command) => {
      const context = new Context(self, io);
      if (context.json) context.printJson(exitCodes);
      else context.print(...lines);
    });
}
