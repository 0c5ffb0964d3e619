/** `test`: a job's first chunks, run on this machine in the sandbox, without a grid. */

import type { Command } from 'commander';

import { GridError, unreachable } from '../../model/errors.ts';
import { short } from '../../model/ids.ts';
import type { TryJobEvent, TryJobOptions } from '../../runtime/try-job.ts';
import { Context, type Io } from '../context.ts';
import { bytesText, clip, durationText, plain, plural } from '../format.ts';
import { givenJob, isProgram, jobArguments } from '../job-files.ts';
import type { JobSource } from '../job-source.ts';
import { addLimitOptions, chunkLimitsOf, type LimitOptions } from '../limit-options.ts';
import { valueOption } from '../options.ts';
import { addPiecesOptions, type PiecesOptions, workOf } from '../pieces-options.ts';
import { addProgramOptions, type ProgramOptions } from '../program-options.ts';
import { noteStdin } from '../spool.ts';
import { isText } from '../text.ts';
import { parseCount, parseParams } from '../values.ts';

type TestOptions = LimitOptions &
  PiecesOptions &
  ProgramOptions & {
    readonly chunks: number;
  };

const chunksDefault = 10;
/** They are all in memory, with their results: some GB at worst. */
const chunksMax = 1000;

export function addTest(program: Command, io: Io): void {
  const command = program
    .command('test')
    .summary("run a job's first chunks here, in the sandbox")
    .description(
      "Run a job's first chunks on this machine, in the sandbox, twice and in two orders, see " +
        'that each result is the same both times, and put them together. Needs no peer.',
    );
  jobArguments(command).addOption(
    valueOption('--chunks <n>', 'how many', parseCount(1, chunksMax)).default(chunksDefault),
  );
  addPiecesOptions(command);
  addProgramOptions(command);
  addLimitOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  manyhands test my-job
  manyhands test my-job.ts samples=1000 --chunks 3
  manyhands test wordcount --input book.txt
  manyhands test prog.wasm --range 0..256
  manyhands test script.py --lines names.txt --data table.csv`,
    )
    .action(
      (job: string | undefined, params: readonly string[], options: TestOptions, self: Command) =>
        test(job, params, options, new Context(self, io)),
    );
}

async function test(
  jobGiven: string | undefined,
  params: readonly string[],
  options: TestOptions,
  context: Context,
): Promise<void> {
  const given = givenJob(jobGiven, options.files);
  const paramsJson = isProgram(given) ? '{}' : parseParams(params);
  const [{ readJob }, { tryJob }, { JobInput }] = await Promise.all([
    import('../job-source.ts'),
    import('../../runtime/try-job.ts'),
    import('../../runtime/job-input.ts'),
  ]);
  const job = await readJob(given, options);
  const hasSplit = job.runtime === 'javascript' || job.script !== undefined;
  const { pieces, paths, input: path } = await workOf(given, hasSplit, params, options);
  if (!context.json) context.print(headline(job));
  const file = path === undefined || path === '-' ? undefined : await JobInput.open(path);
  const input = path === '-' ? stdinOf(context) : file;
  const seen: TryJobEvent[] = [];
  try {
    const events = tryJob({
      job,
      paramsJson,
      chunksMax: options.chunks,
      limits: chunkLimitsOf(options),
      ...(pieces === undefined ? {} : { pieces }),
      ...(paths === undefined ? {} : { paths }),
      ...(input === undefined ? {} : { input }),
    });
    for await (const event of events) {
      const before = seen.filter(({ type }) => type === 'chunk').length;
      seen.push(event);
      if (!context.json) context.print(...eventLines(event, before, context.columns));
    }
  } finally {
    await file?.close();
  }
  if (context.json) context.printJson(testJson(job.name, seen));
  checkOutcome(seen.at(-1));
}

/** Read as it comes, and no further than the first chunks need. */
function stdinOf(context: Context): NonNullable<TryJobOptions['input']> {
  noteStdin(context);
  return { name: 'stdin', pieces: context.io.stdin };
}

function headline(job: JobSource): string {
  const bundled = (script: Uint8Array): string => `${bytesText(script.length)} bundled`;
  if (job.runtime === 'javascript') return `${plain(job.name)}: ${bundled(job.script)}`;
  const { module, files } = job.program;
  const parts = [
    `${bytesText(module.length)} of WebAssembly`,
    ...(files.length === 0 ? [] : [plural(files.length, 'file')]),
    ...(job.script === undefined ? [] : [bundled(job.script)]),
  ];
  return `${plain(job.name)}: ${parts.join(', ')}`;
}

/** @param before how many chunks there were */
function eventLines(event: TryJobEvent, before: number, columns: number): string[] {
  switch (event.type) {
    case 'chunk':
      return chunkLines(event, before);
    case 'differs':
      return [`${String(event.chunk).padStart(5)}  the second time: ${event.failure.kind}`];
    case 'same':
      return [`same on 2 threads, in 2 orders: ${plural(event.chunks, 'chunk')}`];
    case 'compared':
      return [`${event.by} is true of ${plural(event.chunks, 'result')}`];
    case 'merged':
      return mergedLines(event, before, columns);
    default:
      return unreachable(event);
  }
}

function chunkLines(event: TryJobEvent & { type: 'chunk' }, before: number): string[] {
  const { outcome } = event;
  const result =
    outcome.type === 'result'
      ? `${bytesText(outcome.value.length).padStart(9)}  ${short(outcome.digest)}`
      : firstLine(failureOf(event));
  const header = before === 0 ? ['CHUNK      INPUT       TIME     RESULT  DIGEST'] : [];
  const number = String(event.chunk).padStart(5);
  const input = bytesText(event.inputBytes).padStart(9);
  const time = durationText(event.computeMs).padStart(9);
  return [...header, `${number}  ${input}  ${time}  ${result}`];
}

function mergedLines(
  { output: { kind, value }, sawAll }: TryJobEvent & { type: 'merged' },
  chunks: number,
  columns: number,
): string[] {
  const isShown = kind !== 'bytes' || isText(value);
  const preview = isShown ? textPreview(value, columns) : hexPreview(value);
  const scope = sawAll ? `all ${chunks}` : `the first ${plural(chunks, 'chunk')}`;
  return [
    `merged ${scope}: ${kind}, ${bytesText(value.length)}`,
    ...preview.map((line) => `  ${line}`),
    sawAll
      ? 'That is the whole job.'
      : `Not the final result: these are only the first ${plural(chunks, 'chunk')}. ` +
        '--chunks N runs more.',
  ];
}

function failureOf({ chunk, outcome }: TryJobEvent & { type: 'chunk' }): string {
  if (outcome.type === 'failure') {
    return `${outcome.failure.kind}: ${plain(outcome.failure.detail).trimEnd()}`;
  }
  return `chunk ${chunk} was not computed: the sandbox stopped`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
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
  const chunks = events.flatMap((event) => (event.type === 'chunk' ? [chunkJson(event)] : []));
  const differs = events.find((event) => event.type === 'differs');
  const compared = events.flatMap((event) => (event.type === 'compared' ? [event.by] : []));
  const merged = events.find((event) => event.type === 'merged');
  return {
    job,
    chunks,
    ...(differs === undefined ? {} : { differs: { ...differs, type: undefined } }),
    ...(events.some((event) => event.type === 'same') ? { same: true } : {}),
    ...(compared.length > 0 ? { compared } : {}),
    ...(merged === undefined ? {} : { merged: mergedJson(merged) }),
  };
}

function chunkJson({ chunk, inputBytes, computeMs, outcome }: TryJobEvent & { type: 'chunk' }) {
  const shared = { chunk, inputBytes, computeMs };
  if (outcome.type === 'result') {
    return { ...shared, digest: outcome.digest, resultBytes: outcome.value.length };
  }
  return { ...shared, failure: outcome.type === 'failure' ? outcome.failure : undefined };
}

function mergedJson({ output, sawAll }: TryJobEvent & { type: 'merged' }) {
  return { kind: output.kind, bytes: output.value.length, sawAll };
}

function checkOutcome(last: TryJobEvent | undefined): void {
  if (last?.type === 'chunk') {
    const reason = failureOf(last);
    const end = reason.includes('\n') ? '\n' : '. ';
    throw new GridError(
      'job-failed',
      `Chunk ${last.chunk} failed: ${reason}${end}On the grid, this would fail the job.`,
    );
  }
  if (last?.type !== 'differs') return;
  const { kind, detail } = last.failure;
  throw new GridError(
    'job-failed',
    kind === 'not-deterministic'
      ? `Chunk ${last.chunk} is not-deterministic: ${plain(detail)}. On the grid, results are ` +
          'believed when they are the same on several machines; this job would end in disputes.'
      : `Chunk ${last.chunk} failed the second time: ${kind}: ${plain(detail)}. It was done the ` +
          'first time: give it more with --wall-limit, or cut the job finer.',
  );
}
