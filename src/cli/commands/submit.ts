/** `submit`: from a job's source to its result, in one command. */

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import { limits } from '../../model/limits.ts';
import type { ControlClient } from '../../transport/control-client.ts';
import { Context, type Io } from '../context.ts';
import { followJob } from '../follow.ts';
import { clip } from '../format.ts';
import { givenJob, isProgram, jobArguments } from '../job-files.ts';
import {
  addOutOptions,
  checkOut,
  deliverResult,
  deliveryJson,
  deliveryNote,
  type OutOptions,
} from '../job-output.ts';
import { FAULTY_DEFAULT, shortId, type TrustShown, trustText } from '../job-view.ts';
import { addLimitOptions, chunkLimitsOf, type LimitOptions } from '../limit-options.ts';
import { option, valueOption } from '../options.ts';
import { connectJobHost, type JobHost, reachJobHost } from '../own-peer.ts';
import { addPeerOptions, type PeerOptions, peerOptionNames } from '../peer-options.ts';
import {
  addPiecesOptions,
  checkChunkCount,
  type PiecesOptions,
  workOf,
} from '../pieces-options.ts';
import { addProgramOptions, type ProgramOptions } from '../program-options.ts';
import { noteStdin, type Spool, spool } from '../spool.ts';
import { type Submission, submitTo } from '../submission.ts';
import { parseCount, parseFaulty, parseParams, parseTrust, type TrustPolicy } from '../values.ts';

type SubmitOptions = PeerOptions &
  LimitOptions &
  PiecesOptions &
  ProgramOptions &
  OutOptions & {
    readonly trust?: TrustPolicy;
    readonly assumeFaulty?: number;
    readonly identities?: 'free' | 'scarce';
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
    );
  jobArguments(command)
    .addOption(
      valueOption(
        '--trust <policy>',
        'all, quorum:N peers that agree, or error-rate:E on evidence ' +
          `(default: quorum:${quorumDefault}, or all when alone)`,
        parseTrust,
      ),
    )
    .addOption(
      valueOption(
        '--assume-faulty <share>',
        `for error-rate: peers that may be saboteurs (default: ${FAULTY_DEFAULT})`,
        parseFaulty,
      ),
    )
    .addOption(
      option(
        '--identities <kind>',
        'for error-rate: free, or scarce where the caught stay out (default: free)',
      ).choices(['free', 'scarce']),
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
  addOutOptions(command);
  addPiecesOptions(command);
  addProgramOptions(command);
  addLimitOptions(command);
  addPeerOptions(
    command.optionsGroup('The peer that submit runs of its own, where none is running:'),
    '0.0.0.0:0',
  )
    .addHelpText(
      'after',
      `
Examples:
  manyhands submit primes to=1e9
  manyhands submit wordcount --input book.txt --out counts.json
  manyhands submit mandelbrot width=1920 > picture.png
  manyhands submit my-job.ts --trust all --peer 192.0.2.7:7420
  manyhands submit my-job.ts --trust error-rate:1e-6 --assume-faulty 0.1
  manyhands submit my-job.ts --detach --json
  seq 1 100 | manyhands submit prog.wasm --lines -
  manyhands submit prog.wasm --range 0..1e6 --per-chunk 1000 --arg --fast
  manyhands submit prog.wasm --files 'photos/*.raw' --out-dir small
  manyhands submit script.py --lines names.txt --data table.csv

Every line, number, piece or file is a chunk: the program's stdin; its stdout is
the result.
\`manyhands --data DIR submit ...\` submits to the peer with that data folder.`,
    )
    .action(
      (job: string | undefined, params: readonly string[], options: SubmitOptions, self: Command) =>
        submit(job, params, options, new Context(self, io), self),
    );
}

async function submit(
  jobGiven: string | undefined,
  params: readonly string[],
  options: SubmitOptions,
  context: Context,
  command: Command,
): Promise<void> {
  const job = givenJob(jobGiven, options.files);
  checkTrust(options);
  const paramsJson = isProgram(job) ? '{}' : parseParams(params);
  await checkOut(options);
  const { readJob } = await import('../job-source.ts');
  const source = await readJob(job, options);
  const hasSplit = source.runtime === 'javascript' || source.script !== undefined;
  if (hasSplit) refuseOutDir(job, options);
  const { pieces, paths, input } = await workOf(job, hasSplit, params, options);
  checkChunkCount(pieces, options.maxChunks);
  const spooled = await spoolOf(input, context);
  const inputPath = spooled?.path ?? input;
  const submission = {
    source,
    name: clip(options.name ?? source.name, limits.nameCharsMax),
    paramsJson,
    ...(pieces === undefined ? {} : { pieces }),
    ...(paths === undefined ? {} : { paths }),
    ...(inputPath === undefined ? {} : { inputPath }),
    limits: chunkLimitsOf(options),
    chunksMax: options.maxChunks,
  };
  try {
    const drop = (): void => spooled?.drop();
    await submitAndFollow(submission, drop, options, context, command);
  } finally {
    spooled?.drop();
  }
}

/** @param onSubmitted called once the peer has all that it needs */
async function submitAndFollow(
  submission: Omit<Submission, 'trust'>,
  onSubmitted: () => void,
  options: SubmitOptions,
  context: Context,
  command: Command,
): Promise<void> {
  let jobId: string | undefined;
  let isDone = false;
  async function work({ client, isOwn, isAlone }: JobHost): Promise<void> {
    if (jobId === undefined) {
      const trust = trustOf({ isOwn, isAlone }, options, context);
      jobId = await submitTo(client, { ...submission, trust });
      onSubmitted();
      tellSubmitted(jobId, submission.name, trust, options, context);
    }
    if (options.detach === true) return;
    if (!isDone) await followJob(client, jobId, context, isOwn ? 'cancel' : 'detach');
    isDone = true;
    await handOut(client, jobId, isOwn, options, context);
  }
  // What was begun goes on with the peer that has it, when that runs again.
  const isUnderWay = (): boolean => jobId !== undefined && !isDone;
  await withHost(options, context, isUnderWay, async (host) => {
    tellAboutHost(host, options, context, command);
    await work(host);
  });
}

function refuseOutDir(job: string, { outDir }: SubmitOptions): void {
  if (outDir === undefined) return;
  throw new GridError(
    'usage',
    `--out-dir writes the results of the chunks apart, and ${job} has a merge, which makes one ` +
      'result of them all. Write that to a file with --out.',
  );
}

/** What comes from stdin, as a file that the peer can read. */
async function spoolOf(input: string | undefined, context: Context): Promise<Spool | undefined> {
  if (input !== '-') return undefined;
  noteStdin(context);
  return spool(context.io.stdin);
}

/**
 * Works with the peer at hand. That may be another submit's own and end with its job, just when
 * ours was to be submitted or its result fetched; then the work goes on with the next peer.
 */
async function withHost(
  options: SubmitOptions,
  context: Context,
  isUnderWay: () => boolean,
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
      if (!isGone || host.isOwn || isUnderWay() || hostsLeft === 1) throw error;
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
  trust: TrustShown,
  { detach }: SubmitOptions,
  context: Context,
): void {
  if (context.json) context.printJson({ type: 'submitted', jobId, name, ...trust });
  else if (detach === true) context.print(jobId);
  else context.note(`Submitted ${name} as ${shortId(jobId)}, trust ${trustText(trust)}`);
}

async function handOut(
  client: ControlClient,
  jobId: string,
  isOwn: boolean,
  options: SubmitOptions,
  context: Context,
): Promise<void> {
  const delivery = await deliverResult(client, jobId, options, context);
  if (context.json) context.printJson({ type: 'result', jobId, ...deliveryJson(delivery) });
  const get = `\`manyhands result ${shortId(jobId)} --out FILE\` writes it to a file`;
  const howToGet = isOwn ? `With a peer running (\`manyhands join\`), ${get}.` : `${get}.`;
  if (!context.json) context.note(...deliveryNote(delivery, howToGet));
}

function tellAboutHost(
  { isOwn, isAlone }: JobHost,
  { peer }: SubmitOptions,
  context: Context,
  command: Command,
): void {
  if (isOwn) {
    const through = peer?.join(', ') ?? 'peers met before';
    const reach = isAlone ? '' : `, joined through ${through}`;
    tell(context, `No peer is running here: this one lasts as long as the job${reach}.`);
    return;
  }
  const unused = command.options.filter(
    (each) =>
      peerOptionNames.has(each.attributeName()) &&
      command.getOptionValueSource(each.attributeName()) === 'cli',
  );
  if (unused.length === 0) return;
  const flags = unused.map(({ long }) => long).join(', ');
  tell(context, `Not used: ${flags}. A peer is running here already, and the job goes to it.`);
}

/** @throws {GridError} `usage` for what would have no effect */
function checkTrust({ trust, assumeFaulty, identities }: SubmitOptions): void {
  if (trust !== undefined && 'errorRate' in trust) return;
  if (assumeFaulty !== undefined || identities !== undefined) {
    const flag = assumeFaulty === undefined ? '--identities' : '--assume-faulty';
    throw new GridError('usage', `${flag} says something of --trust error-rate only.`);
  }
}

function trustOf(
  host: Pick<JobHost, 'isOwn' | 'isAlone'>,
  options: SubmitOptions,
  context: Context,
): TrustShown {
  const { trust, assumeFaulty, identities } = options;
  if (trust !== undefined && 'errorRate' in trust) {
    const { errorRate } = trust;
    const identitiesScarce = identities === 'scarce';
    const faulty = assumeFaulty ?? FAULTY_DEFAULT;
    if (host.isAlone)
      tell(context, 'No other peer is known: this one computes all, and believes itself.');
    return { quorum: 1, credibility: { errorRate, assumeFaulty: faulty, identitiesScarce } };
  }
  return { quorum: quorumOf(host, trust?.quorum, options, context), credibility: null };
}

function quorumOf(
  { isOwn, isAlone }: Pick<JobHost, 'isOwn' | 'isAlone'>,
  quorum: number | undefined,
  { peer }: SubmitOptions,
  context: Context,
): number {
  if (quorum === undefined && isAlone) {
    tell(context, 'Trust is "all": without --peer there is no other machine to compare with.');
    return 1;
  }
  if (quorum !== undefined && quorum > 1 && isAlone)
    tellAlone(`${quorum} peers that agree`, context);
  if (quorum === undefined && isOwn && !isAlone && peer === undefined) {
    tell(
      context,
      `Trust is "quorum:${quorumDefault}": results are compared with those of peers met before. ` +
        'If none of them is there any more, name one with --peer, or do without: --trust all.',
    );
  }
  return quorum ?? quorumDefault;
}

function tellAlone(what: string, context: Context): void {
  tell(
    context,
    `Each chunk waits for ${what}, and this one knows no other: name one with --peer, or let ` +
      'others join through this one.',
  );
}

function tell(context: Context, line: string): void {
  if (!context.json) context.note(line);
}
