/** A sandbox that knows one job, and computes it at once: the sum of the squares below `count`. */

import type { Sandbox } from '../../src/ports.ts';
import { decodeCanonical, encodeCanonical } from '../../src/wire/canonical-cbor.ts';
import { digestOf } from '../../src/wire/digest.ts';
import { fakeSandbox } from './fake-sandbox.ts';

export function squaringSandbox(count: number): Sandbox {
  return fakeSandbox({
    exportsOf: () => ['split', 'compute', 'merge'],
    async *split() {
      for (let n = 0; n < count; n++) yield [encodeCanonical(n)];
    },
    run: async ({ chunks }) =>
      chunks.map(({ input }) => {
        const value = encodeCanonical(Number(decodeCanonical(input)) ** 2);
        return { outcome: { type: 'result', value, digest: digestOf(value) }, computeMs: 1 };
      }),
    async merge(_script, _params, results) {
      let sum = 0;
      for await (const some of results) {
        for (const value of some) sum += Number(decodeCanonical(value));
      }
      return { kind: 'text', value: Buffer.from(String(sum)) };
    },
  });
}
