/**
 * What a check fetches from the accuser: program, setup, data files, and the input where it is
 * large. Nobody is owed a check, so all of it together is small; and it is needed once, so none of
 * it goes into the cache, where it would push out programs that this peer computes with.
 *
 * It is fetched even where it is there already: that the accuser is reached at an address is what
 * limits the number of accusers (`evidence-sources.ts`). Few addresses are tried, since they are
 * the accuser's word, and may be those of somebody who has never heard of it.
 */

import { reasonOf } from '../model/errors.ts';
import type { Digest, PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { BlobRef, ProgramKey, ProgramRef, Setup } from '../model/program.ts';
import type { LoadableProgram, Transport } from '../ports.ts';
import { decodeSetup } from '../wire/setup-codec.ts';
import { loadableProgram } from './loadable.ts';

/** Of one check. A guess: scripts and most modules are smaller, CPython's 26 MB are not. */
const FETCHED_BYTES_MAX = 8 * 1024 * 1024;

export type AccuserBlobsOptions = {
  readonly accuser: PeerId;
  readonly addresses: readonly string[];
  /** Nothing is fetched after that. */
  readonly late: AbortSignal;
};

export class AccuserBlobs {
  readonly #options: AccuserBlobsOptions;
  readonly #transport: Pick<Transport, 'fetchBlob'>;
  #bytesLeft = FETCHED_BYTES_MAX;
  #address: string | undefined;

  constructor(options: AccuserBlobsOptions, transport: Pick<Transport, 'fetchBlob'>) {
    this.#options = options;
    this.#transport = transport;
  }

  /** Where the accuser was reached. */
  get address(): string | undefined {
    return this.#address;
  }

  /** @throws {Error} when it can't be had, for a person */
  async fetch({ digest, bytes }: BlobRef): Promise<Uint8Array> {
    if (bytes > this.#bytesLeft) {
      throw new Error(`it takes more than ${FETCHED_BYTES_MAX} bytes to compute`);
    }
    this.#bytesLeft -= bytes;
    const fetched = await this.#fetchFromAnywhere(digest, bytes);
    if (fetched.length === bytes) return fetched;
    throw new Error(`${fetched.length} bytes came of a blob that was said to have ${bytes}`);
  }

  /**
   * All that the program needs is here when this resolves, and is let go with it.
   * @param key under which nobody else loads it: what a check brings here is no job's
   * @throws {Error} as `fetch`, or if its setup can't be used
   */
  async program(
    ref: ProgramRef,
    memoryBytesMax: number,
    key: ProgramKey,
  ): Promise<LoadableProgram> {
    const setup = ref.setup === undefined ? undefined : await this.#setup(ref.setup);
    const held = new Map<Digest, Uint8Array>();
    const program = { digest: ref.program, bytes: ref.programBytes };
    for (const blob of [program, ...(setup?.files ?? [])]) {
      if (!held.has(blob.digest)) held.set(blob.digest, await this.fetch(blob));
    }
    const read = async (blob: Digest): Promise<Uint8Array> => {
      const bytes = held.get(blob);
      if (bytes === undefined) throw new Error('what was fetched for a check is not kept');
      return bytes;
    };
    return withKey(loadableProgram(ref, setup, memoryBytesMax, read), key);
  }

  async #setup(ref: BlobRef): Promise<Setup | undefined> {
    const decoded = decodeSetup(await this.fetch(ref));
    if (decoded.type === 'rejected') throw new Error(`its setup can't be used: ${decoded.reason}`);
    return decoded.type === 'message' ? decoded.message : undefined;
  }

  /** One at a time, to know which one it was; then at that one only. */
  async #fetchFromAnywhere(blob: Digest, bytesMax: number): Promise<Uint8Array> {
    const { accuser, addresses, late } = this.#options;
    const tried = this.#address === undefined ? addresses : [this.#address];
    const failures: string[] = [];
    for (const address of tried.slice(0, limits.accuserAddressesMax)) {
      try {
        const bytes = await this.#transport.fetchBlob(accuser, [address], blob, bytesMax, late);
        this.#address = address;
        return bytes;
      } catch (error) {
        failures.push(reasonOf(error));
        if (late.aborted) break;
      }
    }
    throw new Error(failures.join(' ') || 'its accuser has no address');
  }
}

function withKey(program: LoadableProgram, key: ProgramKey): LoadableProgram {
  return { ...program, key };
}
