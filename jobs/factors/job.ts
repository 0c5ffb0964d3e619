/**
 * Factors the first `count` numbers of `digits` digits, and prints them as factor(1) does.
 * `manyhands submit factors digits=22 count=1000`
 *
 * Factors are hard to find and easy to check, so that the job verifies each result itself: all
 * factors are prime, and their product is the number. One verified result is enough, whoever it
 * comes from.
 */

type Params = { digits?: number; count?: number };
/** Numbers are too large for JSON, and text is what they are printed as. */
type Range = { first: string; count: number };
type Factors = string[][];

/** A chunk then takes a second or so, and the bases below are enough. */
const digitsMax = 24;
const numbersPerChunk = 50;
/** With these as bases, Miller and Rabin are right about every number below 3.3 * 10^24. */
const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n];

export function* split({ digits = 20, count = 200 }: Params): Generator<Range> {
  if (!Number.isSafeInteger(digits) || digits < 1 || digits > digitsMax) {
    throw new Error(`digits must be a whole number from 1 to ${digitsMax}`);
  }
  const from = 10n ** BigInt(digits - 1);
  for (let at = 0; at < count; at += numbersPerChunk) {
    yield { first: String(from + BigInt(at)), count: Math.min(numbersPerChunk, count - at) };
  }
}

export function compute(range: Range): Factors {
  return numbersOf(range).map((number) => factorsOf(number).map(String));
}

/** A stranger's result may be anything. */
export function verify(range: Range, result: unknown): boolean {
  if (!Array.isArray(result) || result.length !== range.count) return false;
  return numbersOf(range).every((number, index) => areFactors(number, result[index]));
}

export async function merge(
  results: AsyncIterable<Factors>,
  { digits = 20 }: Params,
): Promise<string> {
  const lines: string[] = [];
  let number = 10n ** BigInt(digits - 1);
  for await (const factors of results) {
    for (const each of factors) {
      lines.push([`${number}:`, ...each].join(' '));
      number += 1n;
    }
  }
  return `${lines.join('\n')}\n`;
}

function numbersOf({ first, count }: Range): bigint[] {
  return Array.from({ length: count }, (_, index) => BigInt(first) + BigInt(index));
}

/** In order, so that each number has one right answer. */
function areFactors(number: bigint, factors: unknown): boolean {
  if (!Array.isArray(factors)) return false;
  let product = 1n;
  let last = 2n;
  for (const factor of factors) {
    if (typeof factor !== 'string' || !/^[1-9]\d{0,23}$/.test(factor)) return false;
    const prime = BigInt(factor);
    if (prime < last || product * prime > number || !isPrime(prime)) return false;
    product *= prime;
    last = prime;
  }
  return product === number;
}

/** Ascending. */
function factorsOf(number: bigint): bigint[] {
  const factors: bigint[] = [];
  let rest = number;
  for (let small = 2n; small < 1_000n && small * small <= rest; small += 1n) {
    for (; rest % small === 0n; rest /= small) factors.push(small);
  }
  return [...factors, ...largeFactorsOf(rest)];
}

function largeFactorsOf(number: bigint): bigint[] {
  if (number === 1n) return [];
  if (isPrime(number)) return [number];
  const factor = someFactorOf(number);
  const all = [...largeFactorsOf(factor), ...largeFactorsOf(number / factor)];
  return all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Pollard's rho: it takes about as many steps as the square root of the factor that it finds. */
function someFactorOf(number: bigint): bigint {
  for (let constant = 1n; ; constant += 1n) {
    const divisor = divisorBy(number, constant, stepsAtOnce) ?? divisorBy(number, constant, 1);
    if (divisor !== undefined) return divisor;
  }
}

/** A common divisor costs as much as many steps; that of their product shows if one of them has. */
const stepsAtOnce = 128;

/** @returns undefined where all factors were met in the same steps */
function divisorBy(number: bigint, constant: bigint, steps: number): bigint | undefined {
  let slow = 2n;
  let fast = 2n;
  for (;;) {
    let product = 1n;
    for (let step = 0; step < steps; step += 1) {
      slow = (slow * slow + constant) % number;
      fast = (fast * fast + constant) % number;
      fast = (fast * fast + constant) % number;
      product = (product * (slow > fast ? slow - fast : fast - slow)) % number;
    }
    const divisor = greatestCommonDivisor(product, number);
    if (divisor === number) return undefined;
    if (divisor !== 1n) return divisor;
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

function isPrime(number: bigint): boolean {
  if (number < 2n) return false;
  for (const base of bases) if (number % base === 0n) return number === base;
  let odd = number - 1n;
  let twos = 0;
  for (; odd % 2n === 0n; odd /= 2n) twos += 1;
  return bases.every((base) => mayBePrime(number, base, odd, twos));
}

/** @param odd and twos of which `number - 1 = odd * 2^twos` */
function mayBePrime(number: bigint, base: bigint, odd: bigint, twos: number): boolean {
  let power = powerOf(base, odd, number);
  if (power === 1n) return true;
  for (let squared = 0; squared < twos; squared += 1) {
    if (power === number - 1n) return true;
    power = (power * power) % number;
  }
  return false;
}

function powerOf(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let power = 1n;
  let square = base % modulus;
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if (bits % 2n === 1n) power = (power * square) % modulus;
    square = (square * square) % modulus;
  }
  return power;
}
