/**
 * Random bytes for a WASI program: as good as random to the program, and the same on every machine.
 * The keystream of AES-256 in counter mode, its key the digest of the seed. The stream is one,
 * however it is cut into calls.
 */

import { createCipheriv, hash, type Cipheriv } from 'node:crypto';

/** Bytes made at a time, so that whoever asks for gigabytes costs time and no memory. */
const pieceBytes = 64 * 1024;
const zeros = new Uint8Array(pieceBytes);
const counterBytes = new Uint8Array(16);

export class WasiRandom {
  readonly #seed: string;
  /** Made on first use: most programs want no random bytes. */
  #cipher: Cipheriv | undefined;

  constructor(seed: string) {
    this.#seed = seed;
  }

  writeTo(target: Uint8Array): void {
    this.#cipher ??= createCipheriv(
      'aes-256-ctr',
      hash('sha256', this.#seed, 'buffer'),
      counterBytes,
    );
    for (let at = 0; at < target.byteLength; at += pieceBytes) {
      const bytes = Math.min(pieceBytes, target.byteLength - at);
      target.set(this.#cipher.update(zeros.subarray(0, bytes)), at);
    }
  }
}
