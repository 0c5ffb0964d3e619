/** Chunks of pure arithmetic that take long: the same work as `spin-worker.ts`. */

import { spin } from './spin-loop.ts';

export function* split({ count, rounds }: { count: number; rounds: number }) {
  for (let chunk = 0; chunk < count; chunk++) yield { chunk, rounds };
}

export function compute({ chunk, rounds }: { chunk: number; rounds: number }) {
  return spin(chunk, rounds);
}

export async function merge(results: AsyncIterable<number>) {
  let sum = 0;
  for await (const result of results) sum += result;
  return sum;
}
