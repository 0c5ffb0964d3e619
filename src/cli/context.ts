/**
 * What every command has: where the peer is, and where to print. What was asked for goes to stdout;
 * all else (progress, notes, errors) goes to stderr, so that stdout can be piped at any time.
 */

import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

import type { Command } from 'commander';

import { controlPathOf, defaultDataPath } from '../runtime/paths.ts';
import type { ControlClient } from '../transport/control-client.ts';

export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export type Io = { readonly stdout: Stream; readonly stderr: Stream };

type GlobalOptions = {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly data?: string;
};

type Style = Parameters<typeof styleText>[0];

export class Context {
  readonly io: Io;
  /** Print JSON documents, one a line. */
  readonly json: boolean;
  readonly dataPath: string;
  readonly controlPath: string;

  constructor(command: Command, io: Io) {
    const options = command.optsWithGlobals<GlobalOptions>();
    this.io = io;
    this.json = options.json === true;
    this.dataPath = resolve(options.data ?? defaultDataPath(process.env));
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

export function columnsOf(stream: Stream): number {
  return stream.columns ?? 80;
}
