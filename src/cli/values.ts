/**
 * Values as people type them: `1h30m`, `256MiB`, `n=1e9`, `quorum:3`, `host:7420`. Each parser
 * says in its error what it accepts.
 */

import { GridError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';

/** "90s", "2h", "1h30m", "1.5m", "250ms"; milliseconds, whole and at least 1. */
export function parseDurationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const ms = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? NaN),
    0,
  );
  const whole = Math.round(ms);
  if (parts.map(([part]) => part).join('') !== text || !(whole >= 1) || whole > durationMsMax) {
    throw wrong(text, 'a duration such as 30s, 90m, 2h or 1h30m, at most 49 days');
  }
  return whole;
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a uint32 of milliseconds holds: 49 days. */
const durationMsMax = 2 ** 32 - 1;

/** "256MiB", "1GB", "1.5 GiB", "4096": bytes, whole and at least 1. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text);
  const unit = unitBytes[(match?.[2] ?? '').toLowerCase()];
  const bytes = Math.floor(Number(match?.[1]) * (unit ?? NaN));
  if (!(bytes >= 1) || !Number.isSafeInteger(bytes)) {
    throw wrong(text, 'a size such as 256MiB, 1GB or 4096 (bytes)');
  }
  return bytes;
}

const unitBytes: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

export type NumberRange = { readonly from: number; readonly to: number };

/** "0..256", "-5..5", "0..1e6": whole numbers, the second not included. */
export function parseRange(text: string): NumberRange {
  const [, from = '', to = ''] = /^(-?\d+(?:e\d+)?)\.\.(-?\d+(?:e\d+)?)$/i.exec(text) ?? [];
  const range = { from: Number(from), to: Number(to) };
  const isWhole = [from, to].every((each) => each !== '' && Number.isSafeInteger(Number(each)));
  if (!isWhole) throw wrong(text, 'two whole numbers up to 2^53, such as 0..256 or 1..1e6');
  if (range.from < range.to) return range;
  throw wrong(text, 'a range that holds numbers, from the first up to and without the last');
}

/** A parser of whole numbers in decimal digits. */
export function parseCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const count = /^\d+$/.test(text) ? Number(text) : NaN;
    if (count >= min && count <= max) return count;
    throw wrong(text, `a whole number from ${min} to ${max}`);
  };
}

/** A policy as it is given: so many different peers that agree, or evidence for an error rate. */
export type TrustPolicy = { readonly quorum: number } | { readonly errorRate: number };

/** "all", "quorum:N", "error-rate" or "error-rate:E". */
export function parseTrust(text: string): TrustPolicy {
  if (text === 'all') return { quorum: 1 };
  if (text === 'error-rate') return { errorRate: ERROR_RATE_DEFAULT };
  const [, policy = '', value = ''] = /^(quorum|error-rate):(.+)$/.exec(text) ?? [];
  const count = /^\d+$/.test(value) ? Number(value) : NaN;
  if (policy === 'quorum' && count >= 1 && count <= limits.quorumMax) return { quorum: count };
  const rate = shareOf(value);
  const { errorRateMin, errorRateMax } = limits;
  if (policy === 'error-rate' && rate >= errorRateMin && rate <= errorRateMax) {
    return { errorRate: rate };
  }
  throw wrong(
    text,
    `"all" (one peer's word is enough), "quorum:N" with N from 1 to ${limits.quorumMax}, or ` +
      `"error-rate:E" with E from ${errorRateMin} to ${errorRateMax}`,
  );
}

const ERROR_RATE_DEFAULT = 1e-3;

/** The share of peers that may be saboteurs. */
export function parseFaulty(text: string): number {
  const share = shareOf(text);
  const { faultyShareMin, faultyShareMax } = limits;
  if (share >= faultyShareMin && share <= faultyShareMax) return share;
  throw wrong(text, `a share of peers from ${faultyShareMin} to ${faultyShareMax}`);
}

/** NaN for what is no number. */
function shareOf(text: string): number {
  return /^\d*\.?\d+(?:e-?\d+)?$/i.test(text) ? Number(text) : NaN;
}

/** How many of some things: a number of them, or a share, above 0 and up to 1. */
export type Portion = { readonly count: number } | { readonly share: number };

/** "20", "1%", "0.01". */
export function parsePortion(text: string): Portion {
  const count = /^[1-9]\d*$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count)) return { count };
  const [, percent] = /^(.+)%$/.exec(text) ?? [];
  const share = percent === undefined ? shareOf(text) : shareOf(percent) / 100;
  if (share > 0 && share <= 1) return { share };
  throw wrong(text, 'a share such as 1% or 0.01, or a number of chunks such as 20');
}

/** "host:port" or "[v6]:port", as it is. Port 0, any free one, only where something listens. */
export function parseAddress(portMin: 0 | 1): (text: string) => string {
  return (text) => {
    const port = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(text)?.[1];
    const fits = port !== undefined && Number(port) >= portMin && Number(port) <= 65_535;
    if (fits && text.length <= limits.addressCharsMax) return text;
    throw wrong(text, 'an address such as 192.0.2.7:7420, example.org:7420 or [2001:db8::7]:7420');
  };
}

/** One of a few words. */
export function parseWord<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    throw wrong(text, `one of ${words.join(', ')}`);
  };
}

/**
 * A job's parameters: `key=value`, the value JSON where it parses as JSON, text otherwise.
 * @returns JSON of the object
 */
export function parseParams(pairs: readonly string[]): string {
  const params = new Map<string, unknown>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) {
      throw new GridError(
        'usage',
        `Parameters are given as key=value, such as n=1000, but this is "${pair}".`,
      );
    }
    const key = pair.slice(0, equals);
    if (params.has(key)) throw new GridError('usage', `The parameter "${key}" is given twice.`);
    params.set(key, valueOf(key, pair.slice(equals + 1)));
  }
  const json = JSON.stringify(Object.fromEntries(params));
  if (Buffer.byteLength(json) <= limits.paramsBytesMax) return json;
  throw new GridError(
    'usage',
    `The parameters are ${Buffer.byteLength(json)} bytes long; ${limits.paramsBytesMax} is the ` +
      'most. Give large data as a file with --input.',
  );
}

function valueOf(key: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value === 'number' && /^-?\d+$/.test(text) && !Number.isSafeInteger(value)) {
    throw new GridError(
      'usage',
      `The parameter ${key}=${text} is a whole number beyond 2^53, which JavaScript would round. ` +
        `Pass it as text, ${key}='"${text}"', and let the job make a BigInt of it.`,
    );
  }
  return value;
}

function wrong(text: string, expected: string): GridError {
  return new GridError('usage', `Expected ${expected}, but this is "${text.slice(0, 80)}".`);
}
