/**
 * A job's progress while somebody waits: a few lines redrawn in place on a terminal, else a plain
 * line now and then. What to draw is decided by pure functions of the job's state; the display only
 * keeps the pace.
 */

import { styleText } from 'node:util';

import type { createLogUpdate } from 'log-update';

import type { Job } from '../transport/control-client.ts';
import { columnsOf, type Stream } from './context.ts';
import { clip, countText, durationText, plain, plural, rateText, wrap } from './format.ts';

export interface ProgressDisplay {
  show(job: Job): void;
  /** A line that stays, above the live ones. */
  say(line: string): void;
  /** Removes the live lines, so that what is printed next stands in their place. */
  end(): void;
}

export async function createProgressDisplay(stream: Stream): Promise<ProgressDisplay> {
  if (stream.isTTY !== true) return new PlainDisplay(stream);
  // A third of the time that a command takes to start, and most commands show no progress.
  const { createLogUpdate } = await import('log-update');
  return new LiveDisplay(stream, createLogUpdate(stream));
}

/** Between two drawings; more often, the numbers can't be read. */
const drawEveryMs = 100;

class LiveDisplay implements ProgressDisplay {
  readonly #stream: Stream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  #latest: Job | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Stream, update: ReturnType<typeof createLogUpdate>) {
    this.#stream = stream;
    this.#update = update;
  }

  show(job: Job): void {
    this.#latest = job;
    if (this.#timer !== undefined) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), drawEveryMs);
  }

  say(line: string): void {
    this.#update.persist(line);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#update.clear();
    this.#update.done();
  }

  #draw(): void {
    if (this.#latest === undefined) return;
    const paint: Paint = (style, text) => styleText(style, text, { stream: this.#stream });
    this.#update(progressLines(this.#latest, columnsOf(this.#stream), paint).join('\n'));
    this.#latest = undefined;
  }
}

class PlainDisplay implements ProgressDisplay {
  readonly #stream: Stream;
  #last: PlainLine | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  show(job: Job): void {
    const line = plainLine(job, this.#last, performance.now());
    if (line === undefined) return;
    this.#last = line;
    this.#stream.write(`${line.text}\n`);
  }

  say(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  end(): void {
    // What was printed stays.
  }
}

export type PlainLine = { readonly text: string; readonly atMs: number; readonly tenth: number };

const plainEveryMs = 2000;

/** The next line to print; undefined until 2 s are over, or 10 % more are done. */
export function plainLine(
  job: Job,
  last: PlainLine | undefined,
  nowMs: number,
): PlainLine | undefined {
  const tenth = job.splitEnded ? Math.floor((fractionOf(job) ?? 0) * 10) : 0;
  const text = progressSentence(job);
  const isDue = last === undefined || tenth > last.tenth || nowMs - last.atMs >= plainEveryMs;
  return isDue && text !== last?.text ? { text, atMs: nowMs, tenth } : undefined;
}

export function progressSentence(job: Job): string {
  const stalled = job.stalled === '' ? '' : `; ${plain(job.stalled)}`;
  return `${titleOf(job)}: ${itemsOf(job).join(', ')}${stalled}`;
}

type Paint = (style: 'green' | 'yellow' | 'red' | 'dim' | 'bold', text: string) => string;

/**
 * Two to four lines on a terminal of 80 columns, a few more on a narrow one:
 *
 *     primes c0ffee00 [###########++!...........................] 40 %
 *     40 of 100 chunks accepted, 6 in flight, 1 disputed, 3 peers, 12.5 chunks/s,
 *     5.0 s left
 *
 * All ASCII, so that every terminal, locale and font shows them right.
 */
export function progressLines(job: Job, columns: number, paint: Paint): string[] {
  // The last column stays free: some terminals wrap when it is written.
  const width = Math.max(columns - 1, 9);
  const lines = [barLine(job, width, paint)];
  for (const line of wrapItems(itemsOf(job), width)) {
    lines.push(job.disputed > 0 ? paintDisputed(line, paint) : line);
  }
  const reason = wrap(plain(job.stalled), width);
  for (const [index, line] of reason.slice(0, reasonLinesMax).entries()) {
    const isCut = index === reasonLinesMax - 1 && reason.length > reasonLinesMax;
    lines.push(paint('yellow', isCut ? clip(`${line} ....`, width) : line));
  }
  return lines;
}

/** A long reason must not push the bar off a small terminal. */
const reasonLinesMax = 3;
const barColumnsMax = 50;
const barColumnsMin = 8;

function barLine(job: Job, width: number, paint: Paint): string {
  const fraction = fractionOf(job);
  const percent = fraction === undefined ? '' : ` ${String(percentOf(fraction)).padStart(3)} %`;
  const name = clip(titleOf(job), Math.max(width - barColumnsMin - ' [] 100 %'.length, 8));
  const columns = Math.min(width - name.length - ' []'.length - percent.length, barColumnsMax);
  if (columns < barColumnsMin) return clip(`${name}${percent}`, width);
  return `${paint('bold', name)} [${bar(job, columns, paint)}]${percent}`;
}

/** `#` accepted, `+` in flight, `!` disputed, `.` still to be leased. */
function bar(job: Job, columns: number, paint: Paint): string {
  const perChunk = job.chunks === 0 ? 0 : columns / job.chunks;
  const accepted = Math.floor(job.accepted * perChunk);
  // A disputed chunk may be in flight as well; it shows as disputed.
  const disputed = Math.min(Math.ceil(job.disputed * perChunk), columns - accepted);
  const others = Math.max(job.inFlight - job.disputed, 0);
  const inFlight = Math.min(Math.ceil(others * perChunk), columns - accepted - disputed);
  const rest = columns - accepted - inFlight - disputed;
  return [
    paint('green', '#'.repeat(accepted)),
    paint('yellow', '+'.repeat(inFlight)),
    paint('red', '!'.repeat(disputed)),
    paint('dim', '.'.repeat(rest)),
  ].join('');
}

/** Of the whole job; undefined while `split` may yield more. */
function fractionOf(job: Job): number | undefined {
  if (!job.splitEnded || job.chunks === 0) return undefined;
  return job.accepted / job.chunks;
}

/** 100 only when it is all. */
function percentOf(fraction: number): number {
  return Math.floor(fraction * 100);
}

function titleOf(job: Job): string {
  return `${plain(job.name)} ${job.jobId.slice(0, 8)}`;
}

function itemsOf(job: Job): string[] {
  if (job.chunks === 0 && job.state === 'running') return ['splitting the job into chunks'];
  const chunks = job.splitEnded
    ? `${countText(job.accepted)} of ${plural(job.chunks, 'chunk')} accepted`
    : `${countText(job.accepted)} of ${plural(job.chunks, 'chunk')} split so far accepted`;
  if (job.state === 'merging') return [chunks, 'merging the results'];
  if (job.state !== 'running') return [chunks, job.state];
  return [
    chunks,
    `${countText(job.inFlight)} in flight`,
    `${countText(job.disputed)} disputed`,
    plural(job.peers, 'peer'),
    `${rateText(job.chunksPerSecond)} chunks/s`,
    ...(job.remainingMs === undefined ? [] : [`${durationText(job.remainingMs)} left`]),
  ];
}

/** Lines broken between items only, as long as an item fits a line. */
function wrapItems(items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [index, item] of items.entries()) {
    const text = index < items.length - 1 ? `${item},` : item;
    if (line !== '' && line.length + 1 + text.length > width) {
      lines.push(...wrap(line, width));
      line = '';
    }
    line = line === '' ? text : `${line} ${text}`;
  }
  return [...lines, ...wrap(line, width)];
}

function paintDisputed(line: string, paint: Paint): string {
  return line.replace(/[\d,]+ disputed/, (text) => paint('red', text));
}
