/** `completion`: prints the script that teaches a shell our commands. */

import { Argument, type Command } from 'commander';

import { completionScript, type Shell, shells } from '../completion.ts';
import { Context, type Io } from '../context.ts';

export function addCompletion(program: Command, io: Io): void {
  program
    .command('completion')
    .summary("print a shell's completion script")
    .description('Print the completion script of a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(manyhands completion bash)            in ~/.bashrc
  source <(manyhands completion zsh)             in ~/.zshrc
  manyhands completion fish > ~/.config/fish/completions/manyhands.fish`,
    )
    .action((shell: Shell, _options: object, self: Command) => {
      const context = new Context(self, io);
      const script = completionScript(program, shell);
      if (context.json) context.printJson({ shell, script });
      else context.print(script.trimEnd());
    });
}
