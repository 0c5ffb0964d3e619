/** The sum of square roots, of which the last digits don't matter. */

export function* split({ count = 100 }: { count?: number }) {
  for (let n = 0; n < count; n++) yield n;
}

export function compute(n: number) {
  return Math.sqrt(n);
}

/** False for whatever is no number, too. */
export function equals(a: unknown, b: unknown) {
  return Math.abs(Number(a) - Number(b)) < 0.01;
}

export async function merge(results: AsyncIterable<number>) {
  let sum = 0;
  for await (const root of results) sum += root;
  return { sum: Math.round(sum) };
}
