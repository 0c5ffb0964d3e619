/**
 * The console of a sandboxed program: what it writes is kept for its failure report and goes
 * nowhere else. Only the end is kept, since the end is what tells why.
 */

import { inspect } from 'node:util';

const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;

export class ProgramConsole {
  #lines: string[] = [];
  #bytes = 0;
  #bytesMax = 0;

  /** To be endowed: the five usual methods, all alike. */
  readonly endowment = Object.fromEntries(
    methods.map((method) => [
      method,
      // A program that asks for a proxy's text is told "native code": ours differs where
      // compiled.
      new Proxy((...args: unknown[]): void => {
        this.#write(args.map(show).join(' '));
      }, {}),
    ]),
  );

  /** Forgets what was written. @param bytesMax of UTF-8 to be kept of what comes */
  begin(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    if (this.#lines.length > 0) this.#lines = [];
    this.#bytes = 0;
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  #write(line: string): void {
    const kept = endOf(line, this.#bytesMax);
    this.#lines.push(kept);
    this.#bytes += Buffer.byteLength(kept) + 1;
    // The newline after the last line doesn't count.
    while (this.#bytes > this.#bytesMax + 1) {
      this.#bytes -= Buffer.byteLength(this.#lines.shift() ?? '') + 1;
    }
  }
}

/** The last characters, of at most so many bytes. */
function endOf(line: string, bytesMax: number): string {
  // No character of a string has less than a byte.
  const end = line.slice(Math.max(0, line.length - bytesMax));
  if (Buffer.byteLength(end) <= bytesMax) return end;
  const bytes = Buffer.from(end);
  let start = bytes.byteLength - bytesMax;
  while (isContinuation(bytes[start])) start += 1;
  return bytes.toString('utf8', start);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  // A program's objects get no say in how they are shown, beyond what getters do in its own time.
  return inspect(value, { customInspect: false, depth: 4, breakLength: Infinity });
}
