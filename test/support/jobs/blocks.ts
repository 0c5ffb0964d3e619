/** Results as large as a test wants them: `count` blocks of `bytes`, of which merge counts all. */

type Block = { readonly n: number; readonly bytes: number };

export function* split({ count = 3, bytes = 1_000_000 }: { count?: number; bytes?: number }) {
  for (let n = 0; n < count; n++) yield { n, bytes };
}

export function compute({ n, bytes }: Block) {
  return new Uint8Array(bytes).fill(n % 256);
}

export async function merge(results: AsyncIterable<Uint8Array>) {
  let blocks = 0;
  let bytes = 0;
  let sum = 0;
  for await (const block of results) {
    blocks += 1;
    bytes += block.length;
    sum += (block[0] ?? 0) + (block.at(-1) ?? 0);
  }
  return { blocks, bytes, sum };
}
