/** `test`: a job's first chunks, run on this machine in the sandbox, without a grid. */

import type { Command } from 'commander';

import { GridError } from '../../model/errors.ts';
import { short } from '../../model/ids.ts';
import type { ChunkLimits } from '../../model/job.ts';
import type { TryJobEvent } from '../../runtime/try-job.ts';
import { Context, type Io } from '../context.ts';
import { bytesText, clip, durationText, plain, plural } from '../format.ts';
import { readableFile } from '../input-file.ts';
import { addLimitOptions, type LimitOptions } from '../limit-options.ts';
import { option, valueOption } from '../options.ts';
import { parseCount, parseParams } from '../values.ts';

type TestOptions = LimitOptions & { readonly chunks: number; readonly input?: string };

const chunksDefault = 10;
/** They are all in memory, with their results: some GB at worst. */
const chunksMax = 1000;

export function addTest(program: Command, io: Io): void {
  const command = program
    .command('test')
    .summary("run a job's first chunks here, in the sandbox")
    .description(
      "Run a job's first chunks on this machine, in the sandbox, and merge their results. Needs " +
        'no peer.',
    )
    .argument('<job>', "a job's file or folder, or the name of a shipped job")
    .argument('[params...]', 'parameters as key=value; values are JSON, or else text')
    .addOption(
      valueOption('--chunks <n>', 'how many', parseCount(1, chunksMax)).default(chunksDefault),
    )
    .addOption(option('--input <file>', 'file for the job to split'));
  addLimitOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  manyhands test my-job
  manyhands test my-job.ts samples=1000 --chunks 3
  manyhands test wordcount --input book.txt`,
    )
    .action((job: string, params: readonly string[], options: TestOptions, self: Command) =>
      test(job, params, options, new Context(self, io)),
    );
}

async function test(
  job: string,
  params: readonly string[],
  options: TestOptions,
  context: Context,
): Promise<void> {
  const paramsJson = parseParams(params);
  const inputPath = options.input === undefined ? undefined : await readableFile(options.input);
  const [{ bundleJob }, { tryJob }] = await Promise.all([
    import('../bundle.ts'),
    import('../../runtime/try-job.ts'),
  ]);
  const { name, program } = await bundleJob(job);
  const chunkLimits: ChunkLimits = {
    wallMsMax: options.wallLimit,
    memoryBytesMax: options.memoryLimit,
    resultBytesMax: options.resultLimit,
  };
  if (!context.json) context.print(`${plain(name)}: ${bytesText(program.length)} bundled`);
  const seen: TryJobEvent[] = [];
  const events = tryJob({
    program,
    paramsJson,
    chunksMax: options.chunks,
    limits: chunkLimits,
    ...(inputPath === undefined ? {} : { inputPath }),
  });
  for await (const event of events) {
    seen.push(event);
    if (!context.json) context.print(...eventLines(event, seen.length - 1, context.columns));
  }
  if (context.json) context.printJson(testJson(name, seen));
  checkOutcome(seen.at(-1));
}

function eventLines(event: TryJobEvent, before: number, columns: number): string[] {
  if (event.type === 'chunk') {
    const { outcome } = event;
    const result =
      outcome.type === 'result'
        ? `${bytesText(outcome.value.length).padStart(9)}  ${short(outcome.digest)}`
        : failureOf(event);
    const header = before === 0 ? ['CHUNK      INPUT       TIME     RESULT  DIGEST'] : [];
    const number = String(event.chunk).padStart(5);
    const input = bytesText(event.inputBytes).padStart(9);
    const time = durationText(event.computeMs).padStart(9);
    return [...header, `${number}  ${input}  ${time}  ${result}`];
  }
  const { kind, value } = event.output;
  const preview = kind === 'bytes' ? hexPreview(value) : textPreview(value, columns);
  const scope = event.sawAll ? `all ${before}` : `the first ${plural(before, 'chunk')}`;
  return [
    `merged ${scope}: ${kind}, ${bytesText(value.length)}`,
    ...preview.map((line) => `  ${line}`),
    event.sawAll
      ? 'That is the whole job.'
      : `Not the final result: merge saw only the first ${plural(before, 'chunk')}. ` +
        '--chunks N runs more.',
  ];
}

function failureOf({ chunk, outcome }: TryJobEvent & { type: 'chunk' }): string {
  if (outcome.type === 'failure') {
    return `${outcome.failure.kind}: ${plain(outcome.failure.detail)}`;
  }
  return `chunk ${chunk} was not computed: the sandbox stopped`;
}

const previewLinesMax = 10;
const previewBytesMax = 4096;

function textPreview(value: Uint8Array, columns: number): string[] {
  const head = new TextDecoder().decode(value.subarray(0, previewBytesMax));
  const lines = plain(head).trimEnd().split('\n');
  const shown = lines.slice(0, previewLinesMax).map((line) => clip(line, columns - 2));
  const isCut = lines.length > previewLinesMax || value.length > previewBytesMax;
  return isCut ? [...shown, '...'] : shown;
}

function hexPreview(value: Uint8Array): string[] {
  const head = Buffer.from(value.subarray(0, 16)).toString('hex').replace(/../g, '$& ').trim();
  return [value.length > 16 ? `${head} ...` : head];
}

function testJson(job: string, events: readonly TryJobEvent[]): object {
  const merged = events.find((event) => event.type === 'merged');
  const chunks = events.flatMap((event) => (event.type === 'chunk' ? [chunkJson(event)] : []));
  if (merged === undefined) return { job, chunks };
  const { output, sawAll } = merged;
  return { job, chunks, merged: { kind: output.kind, bytes: output.value.length, sawAll } };
}

function chunkJson({ chunk, inputBytes, computeMs, outcome }: TryJobEvent & { type: 'chunk' }) {
  const shared = { chunk, inputBytes, computeMs };
  if (outcome.type === 'result') {
    return { ...shared, digest: outcome.digest, resultBytes: outcome.value.length };
  }
  return { ...shared, failure: outcome.type === 'failure' ? outcome.failure : undefined };
}

function checkOutcome(last: TryJobEvent | undefined): void {
  if (last?.type !== 'chunk') return;
  throw new GridError(
    'job-failed',
    `Chunk ${last.chunk} failed: ${failureOf(last)}. On the grid, this would fail the job.`,
  );
}
