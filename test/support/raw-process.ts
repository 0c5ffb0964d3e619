/**
 * A process started just as the sandbox's is, with the same rights, environment, files and
 * priority, that runs code without the first wall: it shows what the walls behind are worth.
 */

import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

import { ProcessChild } from '../../src/sandbox/process-child.ts';
import { processCommand } from '../../src/sandbox/process-command.ts';
import type { RawOutcome, RawThread } from './raw-thread.ts';

export type RawRequest = { readonly where: 'main' | RawThread; readonly code: string };

export class RawProcess {
  readonly child: ProcessChild;
  readonly #lines: Interface;

  constructor() {
    const command = processCommand();
    const main = new URL('raw-process-main.ts', import.meta.url).pathname;
    this.child = new ProcessChild({
      ...command,
      // Besides what it may read anyway: the module that stands in for its own.
      arguments: [
        ...command.arguments.slice(0, -1),
        ...['raw-process-main', 'raw-thread', 'raw-thread-worker', 'raw-javascript-worker'].map(
          (name) => `--allow-fs-read=${new URL(`${name}.ts`, import.meta.url).pathname}`,
        ),
        main,
      ],
    });
    if (this.child.socket === undefined) throw new Error('the process has no channel');
    this.#lines = createInterface(this.child.socket);
  }

  /** One at a time. `died` is for a process, or a thread, that ended without a word. */
  async run(where: RawRequest['where'], code: string): Promise<RawOutcome> {
    this.child.socket?.write(`${JSON.stringify({ where, code })}\n`);
    const line = once(this.#lines, 'line').then(([text]): RawOutcome => JSON.parse(String(text)));
    return Promise.race([line, this.child.died.then(({ reason }) => ({ died: reason }))]);
  }

  async close(): Promise<void> {
    this.child.kill();
    await this.child.died;
  }
}
