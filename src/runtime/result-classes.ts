/**
 * The results of each chunk of a job whose results may differ within a tolerance, as classes: each
 * has the result that came first, and all that the job's `equals` took for equal to that one.
 *
 * Only the first members are kept. Of a chunk that is accepted the store has it, and of an open one
 * it is in memory, or in a blob where memory has no room. It must not be lost while the chunk is
 * open: the next result that is equal to it would found a class of its own, and honest peers would
 * contradict each other.
 */

import type { Digest, JobId } from '../model/ids.ts';
import type { Store } from '../ports.ts';
import { digestOf } from '../wire/digest.ts';

/** A guess: a thousand results of 64 KiB. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
/** Besides its value; a guess. */
const MEMBER_BYTES = 300;
/** Chunks looked at when there is no room, so that no result waits for all of them. */
const LOOKS_MAX = 16;

export type FirstMember = {
  readonly digest: Digest;
  /** Where it is not in memory: in a blob. */
  readonly value: Uint8Array | { readonly blob: Digest };
};

export type ResultClassesComponents = {
  readonly job: JobId;
  readonly store: Pick<Store, 'readResults' | 'putBlob' | 'getBlob' | 'deleteBlob'>;
  /** Whether the store has the result that the chunk's class is founded on. */
  readonly isAccepted: (chunk: number) => boolean;
};

export class ResultClasses {
  readonly #components: ResultClassesComponents;
  readonly #heldBytesMax: number;
  /** Those that a class was added to last are at the end. */
  readonly #chunks = new Map<number, FirstMember[]>();
  /** Kept until the end: somebody may be about to read one, also of an accepted chunk. */
  readonly #blobs = new Set<Digest>();
  #heldBytes = 0;
  #isClosed = false;

  constructor(components: ResultClassesComponents, heldBytesMax = HELD_BYTES_MAX) {
    this.#components = components;
    this.#heldBytesMax = heldBytesMax;
  }

  /**
   * First members of the chunk's classes, in the order in which they came; but what the store has
   * is first. Of an accepted chunk that is what was accepted: who is equal to it is right, and must
   * not be counted with a liar who came before and is near enough to both.
   */
  of(chunk: number): readonly FirstMember[] {
    const known = this.#chunks.get(chunk) ?? [];
    // The one member of an open chunk is first, whatever the store has.
    if (known.length === 1 && !this.#components.isAccepted(chunk)) return known;
    const stored = this.#stored(chunk);
    if (stored === undefined) return known;
    return [stored, ...known.filter(({ digest }) => digest !== stored.digest)];
  }

  /**
   * A leased spot-check finds there what was accepted: leases wait until that is written down.
   */
  #stored(chunk: number): FirstMember | undefined {
    const { store, job } = this.#components;
    const [value] = store.readResults(job, chunk, 1);
    return value === undefined ? undefined : { digest: digestOf(value), value };
  }

  /** @throws {GridError} `store-failed` */
  async valueOf({ digest, value }: FirstMember): Promise<Uint8Array> {
    if (value instanceof Uint8Array) return value;
    const blob = await this.#components.store.getBlob(value.blob);
    if (blob === undefined) throw new Error(`the blob with result ${digest} is gone`);
    return blob.subarray(PREFIX_BYTES);
  }

  /** Founds one more class. @throws {GridError} `disk-full`, `store-failed` */
  async add(chunk: number, digest: Digest, value: Uint8Array): Promise<void> {
    const members = [...this.of(chunk), { digest, value }];
    this.#drop(chunk);
    this.#put(chunk, members);
    await this.#makeRoom();
  }

  /** What is in blobs is of no more use. */
  async close(): Promise<void> {
    const { store } = this.#components;
    this.#isClosed = true;
    await Promise.all([...this.#blobs].map((blob) => store.deleteBlob(blob)));
  }

  async #makeRoom(): Promise<void> {
    const oldest = [...this.#chunks.keys().take(LOOKS_MAX)];
    for (const chunk of oldest) {
      if (this.#heldBytes <= this.#heldBytesMax) return;
      if (this.#isInStore(chunk)) this.#drop(chunk);
      else await this.#intoBlobs(chunk);
    }
  }

  /** Accepted, and written down already: that comes a little later. */
  #isInStore(chunk: number): boolean {
    return this.#components.isAccepted(chunk) && this.#stored(chunk) !== undefined;
  }

  async #intoBlobs(chunk: number): Promise<void> {
    const { store, job } = this.#components;
    const held = this.#chunks.get(chunk) ?? [];
    const members: FirstMember[] = [];
    for (const { digest, value } of held) {
      if (value instanceof Uint8Array) {
        const blob = await store.putBlob(Buffer.concat([prefixOf(job, chunk), value]));
        if (this.#isClosed) return store.deleteBlob(blob);
        this.#blobs.add(blob);
        members.push({ digest, value: { blob } });
      } else members.push({ digest, value });
    }
    // One that was added meanwhile must not be lost: all of them go the next time.
    if (this.#chunks.get(chunk) !== held) return;
    this.#drop(chunk);
    this.#put(chunk, members);
  }

  #put(chunk: number, members: FirstMember[]): void {
    this.#chunks.set(chunk, members);
    this.#heldBytes += bytesOf(members);
  }

  #drop(chunk: number): readonly FirstMember[] {
    const members = this.#chunks.get(chunk) ?? [];
    this.#chunks.delete(chunk);
    this.#heldBytes -= bytesOf(members);
    return members;
  }
}

function bytesOf(members: readonly FirstMember[]): number {
  return members.reduce(
    (sum, { value }) => sum + MEMBER_BYTES + (value instanceof Uint8Array ? value.byteLength : 0),
    0,
  );
}

/** The job's id in hexadecimal, and the chunk's number. */
const PREFIX_BYTES = 64 + 4;

/** So that a stranger's value is never the same blob as anything else that is kept or deleted. */
function prefixOf(job: JobId, chunk: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(job, 'latin1');
  prefix.writeUInt32LE(chunk, PREFIX_BYTES - 4);
  return prefix;
}
