/** The command line in this process, with what it prints caught. */

import { Readable, Writable } from 'node:stream';
import { WriteStream } from 'node:tty';

import type { Stream } from '../../src/cli/context.ts';
import { run } from '../../src/cli/run.ts';

export type CliRun = { readonly code: number; readonly stdout: Buffer; readonly stderr: string };

export type CliSurroundings = {
  /** A terminal as wide; without, output goes to pipes. */
  readonly columns?: number;
  /** What is piped into it; nothing without. */
  readonly stdin?: string | Readable;
  /** Called with all of stderr so far, each time something is written there. */
  readonly onStderr?: (text: string) => void;
};

export async function runCli(
  args: readonly string[],
  { columns, stdin = '', onStderr }: CliSurroundings = {},
): Promise<CliRun> {
  const stdout = caught(columns);
  const stderr = caught(columns, onStderr);
  const code = await run(args, {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
  });
  return { code, stdout: stdout.bytes(), stderr: stderr.bytes().toString() };
}

/** As a terminal of this environment decides it: NO_COLOR and all. */
function getColorDepth(): number {
  return WriteStream.prototype.getColorDepth.call({}, process.env);
}

function caught(
  columns: number | undefined,
  onText?: (text: string) => void,
): { stream: Stream; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const bytes = (): Buffer => Buffer.concat(chunks);
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      onText?.(bytes().toString());
      done();
    },
  });
  const terminal = columns === undefined ? {} : { isTTY: true, columns, getColorDepth };
  return { stream: Object.assign(stream, terminal), bytes };
}
