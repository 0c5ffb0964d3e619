/** The sum of the squares below `count`, with `work` rounds of arithmetic a chunk to take time. */

export function* split({ count = 100, work = 1 }: { count?: number; work?: number }) {
  for (let n = 0; n < count; n++) yield { n, work };
}

export function compute({ n, work }: { n: number; work: number }) {
  let mixed = 1;
  for (let round = 0; round < work; round++) mixed = (mixed * 48271) % 2147483647;
  return mixed > 0 ? n * n : -1;
}

export async function merge(results: AsyncIterable<number>) {
  let sum = 0;
  for await (const result of results) sum += result;
  return { sum };
}
