/** Integer arithmetic without memory: a multiply, an add and a shift a round (xorshift, LCG). */
export function spin(seed: number, rounds: number): number {
  let state = seed + 1;
  for (let round = 0; round < rounds; round++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    state ^= state >>> 13;
  }
  return state;
}
