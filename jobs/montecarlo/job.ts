/**
 * Prices an Asian call option by following random paths: `manyhands submit montecarlo strike=110`
 *
 * A chunk is a seed for the Python program beside this file, which says what is priced and how; it
 * runs on the CPython that is a WASI program. Its sums over a chunk's paths add up here.
 */

export const runtime = 'wasi';
export const program = 'montecarlo.py';

type Params = {
  /** Paths in all. */
  samples?: number;
  /** Paths of one chunk. */
  chunkSamples?: number;
  spot?: number;
  strike?: number;
  rate?: number;
  volatility?: number;
  years?: number;
  steps?: number;
};
/** What the program prints, as far as it is needed here. */
type Sums = {
  samples: number;
  arithmetic: number;
  arithmeticSquares: number;
  geometric: number;
  geometricSquares: number;
  products: number;
  geometricExact: number;
};

/** What the program has defaults for. */
const terms = ['spot', 'strike', 'rate', 'volatility', 'years', 'steps'] as const;

export function* split(params: Params): Generator<string> {
  // Half a second a chunk, some ten times what Python takes to start.
  const { samples = 1_000_000, chunkSamples = 20_000 } = params;
  for (const [name, value] of Object.entries({ samples, chunkSamples })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Error(`${name} must be a whole number of at least 1`);
    }
  }
  const given = terms.filter((name) => params[name] !== undefined);
  const words = given.map((name) => `${name}=${params[name]}`);
  for (let seed = 0; seed * chunkSamples < samples; seed += 1) {
    const size = Math.min(chunkSamples, samples - seed * chunkSamples);
    yield `${[seed, `samples=${size}`, ...words].join(' ')}\n`;
  }
}

/** Errors are standard errors: twice one is exceeded by one estimate in twenty. */
export async function merge(results: AsyncIterable<Uint8Array>): Promise<object> {
  const sums = await added(results);
  const { samples, geometricExact } = sums;
  const arithmetic = sums.arithmetic / samples;
  const geometric = sums.geometric / samples;
  const arithmeticVariance = sums.arithmeticSquares / samples - arithmetic ** 2;
  const geometricVariance = sums.geometricSquares / samples - geometric ** 2;
  const covariance = sums.products / samples - arithmetic * geometric;
  // The geometric average as a control variate: its known error, scaled, is taken away again.
  const scale = geometricVariance > 0 ? covariance / geometricVariance : 0;
  const price = arithmetic - scale * (geometric - geometricExact);
  const error = (variance: number): number => Math.sqrt(Math.max(0, variance) / samples);
  return rounded({
    samples,
    price,
    priceError: error(arithmeticVariance - scale * covariance),
    withoutControl: arithmetic,
    withoutControlError: error(arithmeticVariance),
    geometric,
    geometricError: error(geometricVariance),
    geometricExact,
  });
}

async function added(results: AsyncIterable<Uint8Array>): Promise<Sums> {
  const sums: Sums = {
    samples: 0,
    arithmetic: 0,
    arithmeticSquares: 0,
    geometric: 0,
    geometricSquares: 0,
    products: 0,
    geometricExact: 0,
  };
  for await (const stdout of results) {
    const chunk: Sums = JSON.parse(String.fromCharCode(...stdout));
    sums.samples += chunk.samples;
    sums.arithmetic += chunk.arithmetic;
    sums.arithmeticSquares += chunk.arithmeticSquares;
    sums.geometric += chunk.geometric;
    sums.geometricSquares += chunk.geometricSquares;
    sums.products += chunk.products;
    sums.geometricExact = chunk.geometricExact;
  }
  return sums;
}

/** To six decimals: more than any number of paths makes certain. */
function rounded(figures: Record<string, number>): Record<string, number> {
  const entries = Object.entries(figures);
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(value.toFixed(6))]));
}
