/** SHA-256, the one digest of the grid: of programs, pages, results, specs and public keys. */

import { hash } from 'node:crypto';

import { digest, type Digest } from '../model/ids.ts';

export function digestOf(bytes: Uint8Array): Digest {
  return digest(hash('sha256', bytes, 'hex'));
}
