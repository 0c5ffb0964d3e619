/**
 * Counts the ways to put n queens on a board of n by n squares so that none attacks another:
 * `manyhands submit nqueens n=16`
 *
 * The counting is done by a WASI program, written in C. A chunk is one way to fill the first rows,
 * a line of text on the program's stdin; its stdout is in how many ways the others can be filled.
 */

export const runtime = 'wasi';
export const program = 'nqueens.wasm';

type Params = {
  n?: number;
  /** Rows that are filled by `split`. */
  depth?: number;
};

/** Some years of one processor. Up to 25 the count is exact as a JSON number. */
const nMax = 24;
/** The first row alone: up to 16 queens that makes chunks of half a second or less. */
const wholeBoardMax = 16;

export function* split(params: Params): Generator<string> {
  const { n, depth } = complete(params);
  for (const columns of placements(n, depth)) yield `${[n, ...columns].join(' ')}\n`;
}

export async function merge(results: AsyncIterable<Uint8Array>, params: Params): Promise<object> {
  let solutions = 0;
  for await (const stdout of results) solutions += Number(String.fromCharCode(...stdout));
  return { n: complete(params).n, solutions };
}

/** Each row more cuts a chunk by n or less, and two queens more make it some fifty times longer. */
function complete(params: Params): Required<Params> {
  const { n = 12 } = params;
  if (!Number.isInteger(n) || n < 1 || n > nMax) {
    throw new Error(`n must be a whole number from 1 to ${nMax}`);
  }
  const { depth = 1 + Math.ceil(Math.max(0, n - wholeBoardMax) / 2) } = params;
  if (!Number.isInteger(depth) || depth < 0 || depth > n) {
    throw new Error(`depth must be a whole number from 0 to n, which is ${n}`);
  }
  return { n, depth };
}

/** All ways to fill the first rows, each as the columns of their queens. */
function* placements(n: number, depth: number, columns: number[] = []): Generator<number[]> {
  if (columns.length === depth) {
    yield columns;
    return;
  }
  for (let column = 0; column < n; column += 1) {
    if (isFree(column, columns)) yield* placements(n, depth, [...columns, column]);
  }
}

/** Whether a queen in the next row is attacked by none of those before. */
function isFree(column: number, columns: readonly number[]): boolean {
  return columns.every((other, row) => {
    const distance = Math.abs(column - other);
    return distance !== 0 && distance !== columns.length - row;
  });
}
