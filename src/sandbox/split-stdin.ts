/** What `split` yields for a WASI program: the stdin of a chunk. */

import { encodeCanonical } from '../wire/canonical-cbor.ts';
import { jsonOf } from './program-json.ts';

/**
 * Bytes and text as they are, anything else as JSON on a line of its own; in canonical CBOR, as the
 * byte string that it becomes.
 * @throws {Error} for what has no JSON
 */
export function encodeStdin(value: unknown): Uint8Array {
  return encodeCanonical(stdinOf(value));
}

function stdinOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return new TextEncoder().encode(value);
  const json = jsonOf(value);
  if (json !== undefined) return new TextEncoder().encode(`${json}\n`);
  throw new Error(
    `it is ${typeof value}; a WASI program reads text, bytes or what can be written as JSON`,
  );
}
