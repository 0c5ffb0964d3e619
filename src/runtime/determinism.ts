/**
 * Whether a chunk's result hangs on the chunk alone: it is computed a second time, elsewhere and
 * after other chunks, and must come out the same to the last bit.
 *
 * The second time goes backwards. Then no chunk runs after the one that it ran after before, and
 * those that ran on a thread that was new run on one that has long been at it, where V8 has made
 * other code of the program. A shuffle would leave some chunks where they were.
 */

import type { Outcome } from '../model/replica.ts';
import { decodeCanonical } from '../wire/canonical-cbor.ts';

/** A few at a time, unlike the first time, when each chunk comes alone. */
const batchChunks = 8;

/** The chunks' numbers in the order of the second time, in batches. */
export function backwards(count: number): number[][] {
  const order = Array.from({ length: count }, (_, index) => count - 1 - index);
  return Array.from({ length: Math.ceil(count / batchChunks) }, (_, batch) =>
    order.slice(batch * batchChunks, (batch + 1) * batchChunks),
  );
}

/**
 * What tells two outcomes of one chunk apart, for a person; undefined where nothing does. Failures
 * of one kind are alike whatever they say.
 */
export function differenceOf(first: Outcome, second: Outcome): string | undefined {
  if (first.type === 'result' && second.type === 'result') {
    return first.digest === second.digest ? undefined : firstByte(first.value, second.value);
  }
  const ends = [first, second].map(endOf);
  if (ends[0] === ends[1]) return undefined;
  return `it ended as ${ends[0]} the first time, and as ${ends[1]} the second`;
}

function endOf(outcome: Outcome): string {
  if (outcome.type === 'failure') return outcome.failure.kind;
  return outcome.type === 'result' ? 'a result' : 'not computed';
}

/** Of two results that differ, as canonical CBOR. */
function firstByte(first: Uint8Array, second: Uint8Array): string {
  const [one, two] = [shown(first), shown(second)];
  const isSame = one.bytes !== undefined && two.bytes !== undefined;
  const a = (isSame ? one.bytes : undefined) ?? first;
  const b = (isSame ? two.bytes : undefined) ?? second;
  const at = firstDifference(a, b);
  const place = `byte ${at} of its result${isSame ? '' : ' as CBOR'}`;
  const [before, after] = [byteText(a[at]), byteText(b[at])];
  const excerpts = [one.text, two.text].every((text) => text !== undefined)
    ? excerptsOf(one.text ?? '', two.text ?? '')
    : '';
  return `${place} was ${before} the first time, and ${after} the second${excerpts}`;
}

type Shown = {
  /** What a person thinks of as the result's bytes. */
  readonly bytes?: Uint8Array;
  readonly text?: string;
};

function shown(value: Uint8Array): Shown {
  const decoded = decodeCanonical(value);
  if (typeof decoded === 'string') return { bytes: Buffer.from(decoded), text: decoded };
  if (decoded instanceof Uint8Array) return { bytes: decoded, ...textOf(decoded) };
  return { text: JSON.stringify(decoded, jsonValue) };
}

function textOf(bytes: Uint8Array): Pick<Shown, 'text'> {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return {};
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

function firstDifference(a: Uint8Array | string, b: Uint8Array | string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

function byteText(byte: number | undefined): string {
  return byte === undefined ? 'missing' : `0x${byte.toString(16).padStart(2, '0')}`;
}

const excerptChars = 20;

/** Both texts around the place where they part. */
function excerptsOf(a: string, b: string): string {
  const at = firstDifference(a, b);
  const around = (text: string): string =>
    JSON.stringify(text.slice(Math.max(0, at - excerptChars), at + excerptChars));
  const [before, after] = [around(a), around(b)];
  // JSON has one word for all that is no number.
  return before === after ? '' : `: ${before}, then ${after}`;
}
