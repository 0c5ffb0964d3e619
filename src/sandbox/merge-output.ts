/** What `merge` returned, as bytes to write to a file or a terminal. */

import type { MergeOutput } from '../ports.ts';
import { jsonOf } from './program-json.ts';

/**
 * Bytes and text as they are, everything else as JSON, with two spaces of indentation and a newline
 * at the end.
 * @throws {Error} for what has no JSON: undefined, functions, cycles
 */
export function mergeOutput(value: unknown): MergeOutput {
  if (value instanceof Uint8Array) return { kind: 'bytes', value: new Uint8Array(value) };
  if (typeof value === 'string') return { kind: 'text', value: new TextEncoder().encode(value) };
  const json = jsonOf(value, 2);
  if (json === undefined) {
    throw new Error(
      `merge returned ${typeof value}; it must return text, bytes or what can be written as JSON`,
    );
  }
  return { kind: 'json', value: new TextEncoder().encode(`${json}\n`) };
}
