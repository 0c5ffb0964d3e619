/**
 * What every command has: where the peer is, and where to print. What was asked for goes to stdout;
 * all else (progress, notes, errors) goes to stderr, so that stdout can be piped at any time.
 */

import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

import type { Command } from 'commander';

import { controlPathOf, defaultDataPath } from '../runtime/paths.ts';
import type { ControlClient } from '../transport/control-client.ts';

export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export type Io = {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Stream;
  readonly stderr: Stream;
};

/** As they stand before the command, or behind it. */
type SharedOptions = {
  readonly json?: boolean;
  /** To `submit` and `test` these are files of the program. */
  readonly data?: string | readonly unknown[];
};

type Style = Parameters<typeof styleText>[0];

export class Context {
  readonly io: Io;
  /** Print JSON documents, one a line. */
  readonly json: boolean;
  readonly dataPath: string;
  readonly controlPath: string;

  constructor(command: Command, io: Io) {
    const options = withParents(command).map((each) => each.opts<SharedOptions>());
    const folder = options.map(({ data }) => data).find((data) => typeof data === 'string');
    this.io = io;
    this.json = options.some(({ json }) => json === true);
    this.dataPath = resolve(folder ?? defaultDataPath(process.env));
    this.controlPath = controlPathOf(this.dataPath);
  }

  /** Columns of the terminal that shows stdout; 80 where there is none, as in a mail or a file. */
  get columns(): number {
    return columnsOf(this.io.stdout);
  }

  print(...lines: readonly string[]): void {
    this.io.stdout.write(`${lines.join('\n')}\n`);
  }

  printJson(document: unknown): void {
    this.io.stdout.write(`${JSON.stringify(document)}\n`);
  }

  note(...lines: readonly string[]): void {
    this.io.stderr.write(`${lines.join('\n')}\n`);
  }

  /** For stdout. Coloured only where stdout shows colours and nobody said NO_COLOR. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.io.stdout });
  }

  /**
   * The local peer. gRPC is loaded only now, since most of a short command's time goes there.
   * @throws {GridError} `no-peer-running`
   */
  async connect(): Promise<ControlClient> {
    const { connectControl } = await import('../transport/control-client.ts');
    return connectControl(this.controlPath);
  }

  /** Asks the local peer something. The connection lasts as long as `ask` does. */
  async withPeer<Answer>(ask: (client: ControlClient) => Promise<Answer>): Promise<Answer> {
    const client = await this.connect();
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  }
}

/** The command and those that it is a part of; itself first. */
function withParents(command: Command): Command[] {
  return command.parent === null ? [command] : [command, ...withParents(command.parent)];
}

export function columnsOf(stream: Stream): number {
  return stream.columns ?? 80;
}
