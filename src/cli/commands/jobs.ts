/** `jobs`, `job`, `watch`, `result`, `cancel`, `forget`: the jobs of the local peer. */

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import { Context, type Io } from '../context.ts';
import { followJob } from '../follow.ts';
import { plain } from '../format.ts';
import {
  addOutOptions,
  checkOut,
  deliverResult,
  deliveryJson,
  deliveryNote,
  type OutOptions,
} from '../job-output.ts';
import {
  caughtLines,
  comparisonText,
  hasEnded,
  jobJson,
  jobsLines,
  shortId,
  summaryLines,
  trustText,
} from '../job-view.ts';
import { progressSentence } from '../progress.ts';

const idArgument = ['<id>', "the job's id, or the first characters of it"] as const;

export function addJobs(program: Command, io: Io): void {
  program
    .command('jobs')
    .summary("list this peer's jobs")
    .description('List the jobs of this peer, the newest first.')
    .addHelpText('after', '\nExamples:\n  manyhands jobs\n  manyhands jobs --json | jq .[0].jobId')
    .action((_options: object, self: Command) => listJobs(new Context(self, io)));
  program
    .command('job')
    .summary('show one job')
    .description('Show one job: its state, its trust, who computed what.')
    .argument(...idArgument)
    .addHelpText('after', '\nExamples:\n  manyhands job c0ffee00')
    .action((id: string, _options: object, self: Command) => showJob(id, new Context(self, io)));
  program
    .command('watch')
    .summary('follow a job to its end')
    .description('Follow a job to its end. Ctrl-C stops watching; the job goes on.')
    .argument(...idArgument)
    .addHelpText('after', '\nExamples:\n  manyhands watch c0ffee00\n  manyhands watch c0 --json')
    .action((id: string, _options: object, self: Command) => watchJob(id, new Context(self, io)));
  addOutOptions(
    program
      .command('result')
      .summary('print the result of a job that is done')
      .description(
        'Print the result of a job that is done. Where the job has no merge, the results of its ' +
          'chunks are joined, or written apart with --out-dir.',
      )
      .argument(...idArgument),
  )
    .addHelpText(
      'after',
      `
Examples:
  manyhands result c0ffee00
  manyhands result c0ffee00 --out picture.png
  manyhands result c0ffee00 --out-dir results`,
    )
    .action((id: string, options: OutOptions, self: Command) =>
      printResult(id, options, new Context(self, io)),
    );
  program
    .command('cancel')
    .summary('cancel a job')
    .description('Cancel a job. What it computed so far is dropped.')
    .argument(...idArgument)
    .addHelpText('after', '\nExamples:\n  manyhands cancel c0ffee00')
    .action((id: string, _options: object, self: Command) => cancelJob(id, new Context(self, io)));
  program
    .command('forget')
    .summary('remove a job that has ended')
    .description(
      'Remove jobs that have ended with all that is kept of them: results, programs, what an ' +
        "audit needs. That can't be undone.",
    )
    .argument('<id...>', idArgument[1])
    .addHelpText('after', '\nExamples:\n  manyhands forget c0ffee00\n  manyhands forget c0 b0')
    .action((ids: string[], _options: object, self: Command) =>
      forgetJobs(ids, new Context(self, io)),
    );
}

async function listJobs(context: Context): Promise<void> {
  const { jobs } = await context.withPeer((client) => client.listJobs());
  if (context.json) context.printJson(jobs.map(jobJson));
  else if (jobs.length > 0) context.print(...jobsLines(jobs, context.columns, Date.now()));
  else context.print('No jobs yet. `manyhands init NAME` makes one, `manyhands submit` runs it.');
}

async function showJob(id: string, context: Context): Promise<void> {
  const job = await context.withPeer(async (client) => {
    // What is watched begins with the present state.
    for await (const { job } of client.watch({ jobId: id })) if (job !== null) return job;
    throw new GridError('internal', `The peer said nothing about the job ${id}.`);
  });
  if (context.json) {
    context.printJson(jobJson(job));
    return;
  }
  const [summary = '', ...contributions] = summaryLines(job, context.columns);
  context.print(hasEnded(job) ? summary : progressSentence(job));
  context.print(`id         ${job.jobId}`);
  context.print(`trust      ${trustText(job)}`);
  if (job.comparison !== 'digest') context.print(`compared   ${comparisonText(job)}`);
  context.print(`submitted  ${new Date(job.createdAtMs).toISOString()}`);
  for (const [index, line] of caughtLines(job.caught).entries()) {
    context.print(`${index === 0 ? 'caught    ' : '          '} ${line}`);
  }
  if (job.failure !== '') context.print(`failure    ${plain(job.failure)}`);
  if (contributions.length > 0) context.print('', ...contributions);
  if (job.state === 'done') {
    context.note('', `\`manyhands result ${shortId(job.jobId)}\` prints its result.`);
  }
}

async function watchJob(id: string, context: Context): Promise<void> {
  const job = await context.withPeer((client) => followJob(client, id, context, 'detach'));
  if (!context.json) {
    context.note(`\`manyhands result ${shortId(job.jobId)}\` prints its result.`);
  }
}

async function printResult(id: string, options: OutOptions, context: Context): Promise<void> {
  await checkOut(options);
  const delivery = await context.withPeer((client) => deliverResult(client, id, options, context));
  if (context.json) {
    context.printJson({ jobId: id, ...deliveryJson(delivery) });
    return;
  }
  const [note] = deliveryNote(delivery, 'Write it to a file with --out FILE.');
  // Nothing of what was asked for has been done.
  if (delivery.to === 'withheld') throw new GridError('usage', note ?? '');
  if (note !== undefined) context.note(note);
}

async function cancelJob(id: string, context: Context): Promise<void> {
  const { jobId } = await context.withPeer((client) => client.cancel({ jobId: id }));
  if (context.json) context.printJson({ jobId });
  else context.print(`Cancelled ${shortId(jobId)}`);
}

async function forgetJobs(ids: readonly string[], context: Context): Promise<void> {
  await context.withPeer(async (client) => {
    for (const id of ids) {
      const { jobId } = await client.forget({ jobId: id });
      if (context.json) context.printJson({ jobId });
      else context.print(`Forgot ${shortId(jobId)}`);
    }
  });
}
