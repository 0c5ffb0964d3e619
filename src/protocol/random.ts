/**
 * The only randomness that machines have: a generator seeded from outside, so that one seed replays
 * one history. sfc32 (Chris Doty-Humphrey, PractRand): small, fast, passes PractRand; no secrecy.
 */

export type Random = {
  /** Uniform in [0, 1). */
  readonly next: () => number;
};

export function createRandom(seed: number): Random {
  // Signed, as small integers are kept: unsigned ones would each be an object of their own.
  let a = 0;
  let b = 0;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // 15 rounds mix the seed through the whole state (PractRand's own warm-up).
  for (let round = 0; round < 15; round++) next();
  return { next };
}

/** Up to `count` different items, in random order; `items` stays as it is. */
export function sample<Item>(random: Random, items: readonly Item[], count: number): Item[] {
  const pool = [...items];
  const taken: Item[] = [];
  while (taken.length < count && pool.length > 0) {
    const [item] = pool.splice(Math.floor(random.next() * pool.length), 1);
    if (item !== undefined) taken.push(item);
  }
  return taken;
}
