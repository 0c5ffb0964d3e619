/** The same chunks for piscina alone. */

import { spin } from './spin-loop.ts';

export default function compute({ chunk, rounds }: { chunk: number; rounds: number }): number {
  return spin(chunk, rounds);
}
