/**
 * Counts the primes from `from` to `to`, both included: `manyhands submit primes to=1000000000`.
 *
 * A chunk is a range of numbers. It is sieved in segments that fit the processor's cache, one byte
 * for each odd number: a pattern with the multiples of 3 to 13 crossed out is copied in, the
 * multiples of larger primes are crossed out one by one, and what is left is counted four bytes at
 * a time.
 */

type Params = { from?: number; to?: number };
type Range = { from: number; to: number };

/** Odd numbers in a segment: 128 KiB, a part of any second-level cache. */
const segmentSize = 128 * 1024;

/**
 * Their multiples are crossed out by copying: the pattern repeats after 3 * 5 * 7 * 11 * 13 odd
 * numbers.
 */
const patternPrimes = [3, 5, 7, 11, 13];
const patternSize = 15_015;

/** The square root of more takes a chunk longer to prepare than to sieve. */
const toMax = 10 ** 14;

export function* split({ from = 1, to = 10_000_000 }: Params): Generator<Range> {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || to > toMax) {
    throw new Error(`from and to must be whole numbers from 1 to ${toMax}`);
  }
  if (to < from) throw new Error('to must not be less than from');
  // About a hundred chunks, of some milliseconds at least and a second at most.
  const size = Math.min(Math.max(Math.ceil((to - from + 1) / 100), 500_000), 100_000_000);
  for (let first = from; first <= to; first += size) {
    yield { from: first, to: Math.min(first + size - 1, to) };
  }
}

export function compute({ from, to }: Range): number {
  const small = [2, ...patternPrimes].filter((prime) => prime >= from && prime <= to).length;
  // Odd number 2i + 1 has index i. Numbers up to 13 were counted above.
  const first = Math.max(Math.floor(from / 2), 7);
  const last = Math.floor((to - 1) / 2);
  return last < first ? small : small + countOdd(first, last);
}

export async function merge(
  results: AsyncIterable<number>,
  { from = 1, to = 10_000_000 }: Params,
): Promise<object> {
  let primes = 0;
  for await (const count of results) primes += count;
  return { from, to, primes };
}

/** Primes among the odd numbers with these indexes. */
function countOdd(first: number, last: number): number {
  const primes = primesUpTo(Math.floor(Math.sqrt(2 * last + 1))).filter((prime) => prime > 13);
  // The next index to cross out, for each prime: of its square or the first odd multiple in the
  // range, counted from the segment's start, so that the inner loop has small integers only.
  const next = Int32Array.from(primes, (prime) => {
    const square = (prime * prime - 1) / 2;
    const half = (prime - 1) / 2;
    const index = Math.max(square, Math.ceil((first - half) / prime) * prime + half);
    return Math.min(index - first, 2 ** 31 - 1);
  });
  const pattern = makePattern();
  const segment = new Uint8Array(segmentSize);
  let count = 0;
  for (let base = first; base <= last; base += segmentSize) {
    const start = base % patternSize;
    segment.set(pattern.subarray(start, start + segmentSize));
    crossOut(segment, primes, next);
    const beyond = base + segmentSize - 1 - last;
    if (beyond > 0) segment.fill(1, segmentSize - beyond);
    count += segmentSize - countOnes(segment);
  }
  return count;
}

function crossOut(segment: Uint8Array, primes: Int32Array, next: Int32Array): void {
  for (const [at, prime] of primes.entries()) {
    let index = next[at] ?? 0;
    for (; index < segmentSize; index += prime) segment[index] = 1;
    next[at] = index - segmentSize;
  }
}

/** Sums up bytes of 0 and 1, four at a time: 255 additions can't overflow a byte. */
function countOnes(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.buffer);
  let count = 0;
  for (let word = 0; word < words.length;) {
    const end = Math.min(word + 255, words.length);
    let sums = 0;
    for (; word < end; word += 1) sums += words[word] ?? 0;
    count += (sums & 255) + ((sums >>> 8) & 255) + ((sums >>> 16) & 255) + (sums >>> 24);
  }
  return count;
}

function makePattern(): Uint8Array {
  const pattern = new Uint8Array(patternSize + segmentSize);
  for (const prime of patternPrimes) {
    for (let index = (prime - 1) / 2; index < pattern.length; index += prime) pattern[index] = 1;
  }
  return pattern;
}

/** Odd primes, by a plain sieve. */
function primesUpTo(limit: number): Int32Array {
  const composite = new Uint8Array(Math.floor(limit / 2) + 1);
  const primes: number[] = [];
  for (let number = 3; number <= limit; number += 2) {
    if (composite[(number - 1) / 2] === 1) continue;
    primes.push(number);
    for (let multiple = number * number; multiple <= limit; multiple += 2 * number) {
      composite[(multiple - 1) / 2] = 1;
    }
  }
  return Int32Array.from(primes);
}
