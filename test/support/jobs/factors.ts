/** Factors numbers, which takes long, and verifies factors, which does not. */

export function* split({ count = 100 }: { count?: number }) {
  // Two primes: some 10 ms. With a third factor it is still a safe integer.
  for (let n = 0; n < count; n++) yield 1_000_000_007 * 1_000_003 * (1 + (n % 8));
}

export function compute(number: number) {
  const factors: number[] = [];
  let rest = number;
  for (let factor = 2; factor * factor <= rest; factor++) {
    while (rest % factor === 0) {
      factors.push(factor);
      rest /= factor;
    }
  }
  return rest > 1 ? [...factors, rest] : factors;
}

/** Of a stranger's result nothing is known, not even that it is a list. */
export function verify(number: number, factors: unknown) {
  if (!Array.isArray(factors) || !factors.every((factor) => Number.isSafeInteger(factor))) {
    return false;
  }
  return factors.every((factor) => factor > 1) && factors.reduce((a, b) => a * b, 1) === number;
}

export async function merge(results: AsyncIterable<number[]>) {
  let sum = 0;
  for await (const factors of results) for (const factor of factors) sum += factor;
  return { sum };
}
