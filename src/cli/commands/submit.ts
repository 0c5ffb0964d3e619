/** `submit`: from a job's source to its result, in one command. */

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import { limits } from '../../model/limits.ts';
import type { ControlClient } from '../../transport/control-client.ts';
import { Context, type Io } from '../context.ts';
import { followJob } from '../follow.ts';
import { clip } from '../format.ts';
import { readableFile } from '../input-file.ts';
import { checkWritable, deliverResult, deliveryJson, deliveryNote } from '../job-output.ts';
import { shortId, trustText } from '../job-view.ts';
import { addLimitOptions, type LimitOptions } from '../limit-options.ts';
import { option, valueOption } from '../options.ts';
import { connectJobHost, type JobHost, reachJobHost } from '../own-peer.ts';
import { addPeerOptions, type PeerOptions } from '../peer-options.ts';
import { parseCount, parseParams, parseTrust } from '../values.ts';

type SubmitOptions = PeerOptions &
  LimitOptions & {
    readonly input?: string;
    readonly out?: string;
    readonly trust?: number;
    readonly maxChunks: number;
    readonly name?: string;
    readonly detach?: boolean;
  };

const quorumDefault = 2;

export function addSubmit(program: Command, io: Io): void {
  const command = program
    .command('submit')
    .summary('submit a job, follow it, and print its result')
    .description(
      'Submit a job, follow it, and print its result. With no peer running on this machine it ' +
        'runs one of its own for as long as the job lasts.',
    )
    .argument('<job>', "a job's file or folder, or the name of a shipped job")
    .argument('[params...]', 'parameters as key=value; values are JSON, or else text')
    .addOption(option('--input <file>', 'file for the job to split'))
    .addOption(option('--out <file>', 'write the result to a file'))
    .addOption(
      valueOption(
        '--trust <policy>',
        `all, or quorum:N peers that agree (default: quorum:${quorumDefault}, or all when alone)`,
        parseTrust,
      ),
    )
    .addOption(
      valueOption(
        '--max-chunks <n>',
        'chunks the job may have',
        parseCount(1, limits.jobChunksMax),
      ).default(limits.jobChunksMaxDefault),
    )
    .addOption(option('--name <name>', 'what to call the job (default: after its file)'))
    .addOption(option('--detach', 'return once the job is submitted; needs a running peer'));
  addLimitOptions(command);
  addPeerOptions(command, '0.0.0.0:0')
    .addHelpText(
      'after',
      `
Examples:
  manyhands submit primes to=1e9
  manyhands submit wordcount --input book.txt --out counts.json
  manyhands submit mandelbrot width=1920 > picture.png
  manyhands submit my-job.ts --trust all --peer 192.0.2.7:7420
  manyhands submit my-job.ts --detach --json

--peer, --listen, --advertise, --grid and --slots are for the peer that submit runs of its own.`,
    )
    .action((job: string, params: readonly string[], options: SubmitOptions, self: Command) =>
      submit(job, params, options, new Context(self, io), self),
    );
}

async function submit(
  job: string,
  params: readonly string[],
  options: SubmitOptions,
  context: Context,
  command: Command,
): Promise<void> {
  const paramsJson = parseParams(params);
  const inputPath = options.input === undefined ? '' : await readableFile(options.input);
  if (options.out !== undefined) await checkWritable(options.out);
  const { bundleJob } = await import('../bundle.ts');
  const bundle = await bundleJob(job);
  const name = clip(options.name ?? bundle.name, limits.nameCharsMax);

  const request = {
    name,
    program: bundle.program,
    paramsJson,
    inputPath,
    wallMsMax: options.wallLimit,
    memoryBytesMax: options.memoryLimit,
    resultBytesMax: options.resultLimit,
    chunksMax: options.maxChunks,
  };

  let jobId: string | undefined;
  let isDone = false;
  async function work({ client, isOwn }: JobHost): Promise<void> {
    if (jobId === undefined) {
      const quorum = quorumOf(isOwn, options, context);
      ({ jobId } = await client.submit({ ...request, quorum }));
      tellSubmitted(jobId, name, quorum, options, context);
    }
    if (options.detach === true) return;
    if (!isDone) await followJob(client, jobId, context, isOwn ? 'cancel' : 'detach');
    isDone = true;
    await handOut(client, jobId, isOwn, options, context);
  }
  await withHost(options, context, async (host) => {
    tellAboutHost(host.isOwn, options, context, command);
    await work(host);
  });
}

/**
 * Works with the peer at hand. That may be another submit's own and end with its job, just when
 * ours was to be submitted or its result fetched; then the work goes on with the next peer.
 */
async function withHost(
  options: SubmitOptions,
  context: Context,
  work: (host: JobHost) => Promise<void>,
): Promise<void> {
  for (let hostsLeft = hostsMax; ; hostsLeft -= 1) {
    // With --detach only a running peer will do: one of our own would end with this process.
    const host = await (options.detach === true
      ? connectJobHost(context)
      : reachJobHost(options, context));
    try {
      await work(host);
      return;
    } catch (error) {
      const isGone = error instanceof GridError && error.code === 'no-peer-running';
      if (!isGone || host.isOwn || hostsLeft === 1) throw error;
    } finally {
      await host.leave();
    }
  }
}

/** Two that end under us are a coincidence; more are something else. */
const hostsMax = 3;

function tellSubmitted(
  jobId: string,
  name: string,
  quorum: number,
  { detach }: SubmitOptions,
  context: Context,
): void {
  if (context.json) context.printJson({ type: 'submitted', jobId, name, quorum });
  else if (detach === true) context.print(jobId);
  else context.note(`Submitted ${name} as ${shortId(jobId)}, trust ${trustText(quorum)}`);
}

async function handOut(
  client: ControlClient,
  jobId: string,
  isOwn: boolean,
  { out }: SubmitOptions,
  context: Context,
): Promise<void> {
  const delivery = await deliverResult(client, jobId, out, context);
  if (context.json) context.printJson({ type: 'result', jobId, ...deliveryJson(delivery) });
  const get = `\`manyhands result ${shortId(jobId)} --out FILE\` writes it to a file`;
  const howToGet = isOwn ? `With a peer running (\`manyhands join\`), ${get}.` : `${get}.`;
  if (!context.json) context.note(...deliveryNote(delivery, howToGet));
}

function tellAboutHost(
  isOwn: boolean,
  { peer }: SubmitOptions,
  context: Context,
  command: Command,
): void {
  if (isOwn) {
    const reach = peer === undefined ? '' : `, joined through ${peer.join(', ')}`;
    tell(context, `No peer is running here: this one lasts as long as the job${reach}.`);
    return;
  }
  const unused = ['peer', 'listen', 'advertise', 'grid', 'slots'].filter(
    (each) => command.getOptionValueSource(each) === 'cli',
  );
  if (unused.length === 0) return;
  const flags = unused.map((each) => `--${each}`).join(', ');
  tell(context, `Not used: ${flags}. A peer is running here already, and the job goes to it.`);
}

function quorumOf(isOwn: boolean, { peer, trust }: SubmitOptions, context: Context): number {
  const isAlone = isOwn && peer === undefined;
  if (trust === undefined && isAlone) {
    tell(context, 'Trust is "all": without --peer there is no other machine to compare with.');
    return 1;
  }
  if (trust !== undefined && trust > 1 && isAlone) {
    tell(
      context,
      `Each chunk waits for ${trust} peers that agree, and this one knows no other: name one ` +
        'with --peer, or let others join through this one.',
    );
  }
  return trust ?? quorumDefault;
}

function tell(context: Context, line: string): void {
  if (!context.json) context.note(line);
}
