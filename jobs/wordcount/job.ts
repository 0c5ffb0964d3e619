/**
 * Counts the words of a text file of any size and shows the most frequent ones:
 * `manyhands submit wordcount --input jobs/wordcount/psalms-and-new-testament.txt top=10`
 *
 * A chunk is a piece of whole lines. Words are runs of letters and digits, with apostrophes inside,
 * in lower case. They are counted in Maps: a text may well hold the word "constructor".
 */

type Params = { top?: number; pieceBytes?: number };
type Input = { name: string; lines(bytesMax: number): AsyncIterable<string> };
/** Each word of a piece, and how often it occurs there. */
type Counts = [word: string, count: number][];

const word = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*/gu;

export async function* split(
  { pieceBytes = 64 * 1024 }: Params,
  input?: Input,
): AsyncGenerator<string> {
  if (input === undefined) {
    throw new Error(
      'wordcount needs a text: give one with --input, for instance the one that ships with it, ' +
        '--input jobs/wordcount/psalms-and-new-testament.txt',
    );
  }
  yield* input.lines(pieceBytes);
}

export function compute(text: string): Counts {
  const counts = new Map<string, number>();
  for (const [found] of text.matchAll(word)) {
    const key = found.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts];
}

export async function merge(results: AsyncIterable<Counts>, { top = 20 }: Params): Promise<object> {
  const counts = new Map<string, number>();
  let words = 0;
  for await (const piece of results) {
    for (const [key, count] of piece) {
      counts.set(key, (counts.get(key) ?? 0) + count);
      words += count;
    }
  }
  const byCount = [...counts].sort(
    ([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1),
  );
  return { words, differentWords: counts.size, top: byCount.slice(0, top).map(shown) };
}

function shown([key, count]: [string, number]): { word: string; count: number } {
  return { word: key, count };
}
