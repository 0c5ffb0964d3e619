/** `pause`, `resume`, `finish`: the owner's say over what the peer computes for others. */

import type { Command } from 'commander';

import { Context, type Io } from '../context.ts';
import { durationText, plural } from '../format.ts';
import { accepting } from '../options.ts';
import { parseDurationMs } from '../values.ts';

export function addVolunteer(program: Command, io: Io): void {
  program
    .command('pause')
    .summary('stop computing for a while')
    .description("Stop computing for a while. This peer's own jobs go on elsewhere.")
    .argument('[duration]', 'such as 30m or 2h; without one, until `resume`', (text: string) =>
      accepting(parseDurationMs, text),
    )
    .addHelpText('after', '\nExamples:\n  manyhands pause\n  manyhands pause 2h')
    .action((durationMs: number | undefined, _options: object, self: Command) =>
      pause(durationMs, new Context(self, io)),
    );
  program
    .command('resume')
    .summary('compute again after a pause')
    .description('Compute again after a pause.')
    .addHelpText('after', '\nExamples:\n  manyhands resume')
    .action((_options: object, self: Command) => resume(new Context(self, io)));
  program
    .command('finish')
    .summary('end the work at hand, then stop the peer')
    .description('Take no more work, return what is held, see own jobs through, then stop.')
    .addHelpText('after', '\nExamples:\n  manyhands finish')
    .action((_options: object, self: Command) => finish(new Context(self, io)));
}

async function pause(durationMs: number | undefined, context: Context): Promise<void> {
  await context.withPeer((client) => client.pause({ durationMs: durationMs ?? 0 }));
  if (context.json) context.printJson({ paused: true, durationMs });
  else if (durationMs === undefined) context.print('Paused until `manyhands resume`');
  else context.print(`Paused for ${durationText(durationMs)}; \`manyhands resume\` ends it sooner`);
}

async function resume(context: Context): Promise<void> {
  await context.withPeer((client) => client.resume());
  if (context.json) context.printJson({ paused: false });
  else context.print('Computing again');
}

async function finish(context: Context): Promise<void> {
  const { leasesHeld, jobsRunning } = await context.withPeer((client) => client.finish());
  if (context.json) context.printJson({ leasesHeld, jobsRunning });
  else if (leasesHeld === 0 && jobsRunning === 0) context.print('Stopping: nothing is left to do');
  else {
    context.print(
      `Finishing: ${plural(leasesHeld, 'lease')} to return, ${plural(jobsRunning, 'job')} of its ` +
        'own to see through, then it stops',
    );
  }
}
