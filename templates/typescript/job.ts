/**
 * Estimates pi: of random points in a square, the share inside the inscribed circle is pi / 4.
 *
 * A job is three functions. `split` cuts the work into chunks, `compute` does one chunk,
 * `merge` makes the final result. All three run in a sandbox without files, network, clock and
 * chance; `compute` runs on other people's machines, and each of its results must be the same on
 * all of them, since that is how they are verified. A job may say otherwise: `equals(a, b)` when
 * two results count as the same, `verify(chunk, result)` when one is right.
 */

type Params = { samples?: number; chunkSamples?: number };
type Chunk = { first: number; samples: number };
type Result = { inside: number; samples: number };

/** Runs on your machine. What it yields are the chunks; yielding one at a time costs no memory. */
export function* split(params: Params): Generator<Chunk> {
  const { samples = 10_000_000, chunkSamples = 1_000_000 } = params;
  for (let first = 0; first < samples; first += chunkSamples) {
    yield { first, samples: Math.min(chunkSamples, samples - first) };
  }
}

/** Runs anywhere, as often as it takes to believe its result. A few seconds a chunk are good. */
export function compute({ first, samples }: Chunk): Result {
  const next = random(2 * first);
  let inside = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    const x = next();
    const y = next();
    if (x * x + y * y < 1) inside += 1;
  }
  return { inside, samples };
}

/** Runs on your machine, over all results in the order of their chunks. */
export async function merge(results: AsyncIterable<Result>): Promise<object> {
  let inside = 0;
  let samples = 0;
  for await (const result of results) {
    inside += result.inside;
    samples += result.samples;
  }
  return { pi: (4 * inside) / samples, samples };
}

/**
 * Math.random would differ from machine to machine, so it throws. This is splitmix32, begun where
 * the chunk before ends: chunks share no numbers, however the job is cut.
 */
function random(position: number): () => number {
  let state = Math.imul(position, 0x9e3779b9);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}
