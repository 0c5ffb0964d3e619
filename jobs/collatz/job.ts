/**
 * Finds the start below `to` from which the Collatz sequence takes the most steps down to 1: halve
 * what is even, make 3n + 1 of what is odd. `manyhands submit collatz to=100000000`
 *
 * A sequence is followed only until it falls into a table of the small numbers' steps. It may climb
 * far above where it began, so a number is an integer of 31 bits where it fits and a float where
 * not; past 2^53 floats would no longer be exact, and the chunk fails rather than guess.
 */

type Params = { to?: number };
type Range = { from: number; to: number };
type Longest = { start: number; steps: number };

/** Numbers with their steps in a table; 256 KiB of it fit a second-level cache. */
const tableSize = 1 << 17;
/** 3n + 1 of it is still a 31-bit integer. */
const smallMax = Math.floor((2 ** 31 - 2) / 3);
/** 3n + 1 of it is still exact. */
const exactMax = Math.floor((2 ** 53 - 2) / 3);

export function* split({ to = 1_000_000 }: Params): Generator<Range> {
  if (!Number.isSafeInteger(to) || to < 2 || to > exactMax) {
    throw new Error(`to must be a whole number from 2 to ${exactMax}`);
  }
  // About a hundred chunks, of a tenth of a second or so up to some seconds.
  const size = Math.min(Math.max(Math.ceil(to / 100), 100_000), 20_000_000);
  for (let from = 1; from < to; from += size) yield { from, to: Math.min(from + size, to) };
}

export function compute({ from, to }: Range): Longest {
  const table = makeTable();
  let longest: Longest = { start: from, steps: -1 };
  for (let start = from; start < to; start += 1) {
    const steps = countSteps(start, table);
    if (steps > longest.steps) longest = { start, steps };
  }
  return longest;
}

/** Of starts that take equally long, the smallest: chunks come in order. */
export async function merge(
  results: AsyncIterable<Longest>,
  { to = 1_000_000 }: Params,
): Promise<object> {
  let longest: Longest = { start: 0, steps: -1 };
  for await (const result of results) if (result.steps > longest.steps) longest = result;
  return { below: to, ...longest };
}

function countSteps(start: number, table: Uint16Array): number {
  let value = start;
  let steps = 0;
  while (value >= tableSize) {
    if (value <= smallMax) {
      let small = value | 0;
      // An odd number's two steps at once: 3n + 1 is even.
      while (small >= tableSize && small <= smallMax) {
        if ((small & 1) === 0) {
          small >>= 1;
          steps += 1;
        } else {
          small = (3 * small + 1) >> 1;
          steps += 2;
        }
      }
      value = small;
    } else if (value % 2 === 0) {
      value /= 2;
      steps += 1;
    } else {
      if (value > exactMax) throw new RangeError(`from ${start} the sequence climbs past 2^53`);
      value = (3 * value + 1) / 2;
      steps += 2;
    }
  }
  return steps + (table[value] ?? 0);
}

/** Steps of all numbers below `tableSize`, each from that of a smaller one. */
function makeTable(): Uint16Array {
  const table = new Uint16Array(tableSize);
  for (let start = 2; start < tableSize; start += 1) {
    let value = start;
    let steps = 0;
    while (value >= start) {
      value = value % 2 === 0 ? value / 2 : 3 * value + 1;
      steps += 1;
    }
    table[start] = steps + (table[value] ?? 0);
  }
  return table;
}
