/**
 * The console of a sandboxed program: what it writes is kept for its failure report and goes
 * nowhere else. Only the last `stderrBytesMax` are kept, since the end is what tells why.
 */

import { inspect } from 'node:util';

import { limits } from '../model/limits.ts';

const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;

export class ProgramConsole {
  #lines: string[] = [];
  #chars = 0;

  /** To be endowed: the five usual methods, all alike. */
  readonly endowment = Object.fromEntries(
    methods.map((method) => [
      method,
      (...args: unknown[]): void => {
        this.#write(args.map(show).join(' '));
      },
    ]),
  );

  /** Forgets what was written. */
  clear(): void {
    if (this.#lines.length === 0) return;
    this.#lines = [];
    this.#chars = 0;
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  #write(line: string): void {
    const kept = line.slice(-limits.stderrBytesMax);
    this.#lines.push(kept);
    this.#chars += kept.length + 1;
    while (this.#chars > limits.stderrBytesMax) {
      this.#chars -= (this.#lines.shift()?.length ?? 0) + 1;
    }
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  // A program's objects get no say in how they are shown, beyond what getters do in its own time.
  return inspect(value, { customInspect: false, depth: 4, breakLength: Infinity });
}
