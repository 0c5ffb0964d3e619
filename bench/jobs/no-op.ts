/** Nothing but the way there and back: what is measured is the grid. */

export function* split({ count }: { count: number }) {
  for (let chunk = 0; chunk < count; chunk++) yield chunk;
}

export function compute(chunk: number) {
  return chunk;
}

export async function merge(results: AsyncIterable<number>) {
  let count = 0;
  for await (const _ of results) count += 1;
  return count;
}
