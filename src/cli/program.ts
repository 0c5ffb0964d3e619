/** The tree of commands. Each command's file says what it does; here is what they share. */

import { Command, Help, Option } from 'commander';

import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addCompletion } from './commands/completion.ts';
import { addCredit } from './commands/credit.ts';
import { addExitCodes } from './commands/exit-codes.ts';
import { addGrid } from './commands/grid.ts';
import { addInit } from './commands/init.ts';
import { addJobs } from './commands/jobs.ts';
import { addJoin } from './commands/join.ts';
import { addPeers } from './commands/peers.ts';
import { addSubmit } from './commands/submit.ts';
import { addTest } from './commands/test.ts';
import { addVolunteer } from './commands/volunteer.ts';
import type { Io } from './context.ts';
import { columnsOf } from './context.ts';
import { dropUnsetVariables, option } from './options.ts';
import { readVersion } from './version.ts';

export function createProgram(io: Io): Command {
  const program = new Command('manyhands')
    .description(
      'A volunteer computing grid without a server: split a job, compute it on machines nobody ' +
        'has to trust, accept only what was cross-verified.',
    )
    .version(readVersion(), '--version', 'print the version')
    .helpOption('--help', 'show help')
    // What follows a command is that command's: --data means something else to `submit`.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      `
Examples:
  manyhands init my-job && manyhands test my-job     write a job
  manyhands submit my-job                            run it, also with no peer running
  manyhands join --peer 192.0.2.7:7420               compute for a grid

Every option can be set in the environment, as MANYHANDS_ and its name: MANYHANDS_LOG_LEVEL=debug.
\`manyhands exit-codes\` explains the exit codes.`,
    );
  share(program, io);
  for (const each of sharedOptions()) program.addOption(each);

  program.commandsGroup('Jobs:');
  addSubmit(program, io);
  addJobs(program, io);
  addAudit(program, io);
  program.commandsGroup('Peer:');
  addJoin(program, io);
  addPeers(program, io);
  addCredit(program, io);
  addVolunteer(program, io);
  addBackup(program, io);
  addGrid(program, io);
  program.commandsGroup('Writing jobs:');
  addInit(program, io);
  addTest(program, io);
  program.commandsGroup('Help:').helpCommand('help [command]', 'show the help of a command');
  addCompletion(program, io);
  addExitCodes(program, io);

  const commands = [...program.commands, ...program.commands.flatMap((each) => each.commands)];
  for (const command of commands) addSharedOptions(command);
  dropUnsetVariables(
    [program, ...commands].flatMap((each) => each.options),
    process.env,
  );
  return program;
}

/** Those that stand before the command, with their variables. */
function sharedOptions(): Option[] {
  return [
    option('--json', 'print JSON, for programs'),
    option('--verbose', 'show stack traces of errors'),
    option('--data <dir>', 'data folder of the peer (default: in the XDG data folder)'),
  ];
}

/** They may as well stand behind it, except where the command has an option of that name. */
function addSharedOptions(command: Command): void {
  const own = new Set(command.options.map(({ long }) => long));
  for (const { flags, description, long } of sharedOptions()) {
    if (own.has(long)) continue;
    command.addOption(new Option(flags, description).helpGroup('Global Options:'));
  }
}

/** Settings that subcommands made afterwards inherit. */
function share(program: Command, io: Io): void {
  const describe = new Help();
  program
    // Thrown instead of ending the process, and printed by whoever catches it.
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => columnsOf(io.stdout),
      getErrHelpWidth: () => columnsOf(io.stderr),
    })
    .configureHelp({
      // That each has its variable is said once, at the end of the program's help.
      optionDescription: (each) => describe.optionDescription(withoutVariable(each)),
    });
}

function withoutVariable<Described extends object>(each: Described): Described {
  return Object.assign(Object.create(each), { envVar: undefined });
}
