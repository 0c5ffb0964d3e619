/** The characters of a text: hardly any computing, so that reading and sending the text is all. */

type Input = { lines(bytesMax: number): AsyncIterable<string> };

export async function* split(_params: unknown, input: Input) {
  yield* input.lines(256 * 1024);
}

export function compute(text: string) {
  return text.length;
}

export async function merge(results: AsyncIterable<number>) {
  let sum = 0;
  for await (const result of results) sum += result;
  return sum;
}
