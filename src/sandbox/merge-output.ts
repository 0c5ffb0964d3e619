/** What `merge` returned, as bytes to write to a file or a terminal. */

import type { MergeOutput } from '../ports.ts';

/**
 * Bytes and text as they are, everything else as JSON: two spaces of indentation, a newline at the
 * end, members in the order in which the program made them. What JSON lacks: a bigint becomes its
 * decimal digits as a string, a Map an object, bytes inside of something else base64.
 * @throws {Error} for what has no JSON: undefined, functions, cycles
 */
export function mergeOutput(value: unknown): MergeOutput {
  if (value instanceof Uint8Array) return { kind: 'bytes', value: new Uint8Array(value) };
  if (typeof value === 'string') return { kind: 'text', value: new TextEncoder().encode(value) };
  const json: string | undefined = JSON.stringify(value, plain, 2);
  if (json === undefined) {
    throw new Error(
      `merge returned ${typeof value}; it must return text, bytes or what can be written as JSON`,
    );
  }
  return { kind: 'json', value: new TextEncoder().encode(`${json}\n`) };
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}
