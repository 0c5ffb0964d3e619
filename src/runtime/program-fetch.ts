/**
 * A job's program on its way into the sandbox: the script or module, the setup, and the data files
 * that the setup names. Each is a blob: of this peer's own store for its own jobs, else from the
 * cache, else fetched from the requester and put into the cache.
 *
 * All are on this machine before the sandbox is told of the program, because it loads one only
 * beside a few others, and a slow requester would keep those waiting. It then asks for the bytes,
 * now and again when its process was started anew: by then they are in the cache, or are fetched
 * once more.
 */

import PQueue from 'p-queue';

import { reasonOf } from '../model/errors.ts';
import { type Digest, type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { BlobRef, Setup } from '../model/program.ts';
import type { BlobCache, Sandbox, Store, Transport } from '../ports.ts';
import type { Effect, LocalEvent } from '../protocol/events.ts';
import { cut, printable } from '../wire/bounds.ts';
import { decodeSetup } from '../wire/setup-codec.ts';
import { loadableProgram, type ReadBlob } from './loadable.ts';

export type ProgramFetchComponents = {
  readonly self: PeerId;
  readonly transport: Pick<Transport, 'fetchBlob'>;
  readonly sandbox: Pick<Sandbox, 'load'>;
  readonly store: Pick<Store, 'getBlob'>;
  readonly cache: BlobCache;
};

type Request = Extract<Effect, { type: 'fetch-program' }>;
type Source = Pick<Request, 'requester' | 'addresses'>;
type Outcome = Extract<
  LocalEvent,
  { type: 'program-ready' | 'program-failed' | 'program-missing' }
>;

/** Blobs on their way at a time; eight of the largest are 512 MiB. */
const FETCHES_MAX = 8;
/** The same of one requester: a slow one must leave room for others. */
const FETCHES_EACH_MAX = 2;

export class ProgramFetch {
  readonly #components: ProgramFetchComponents;
  readonly #fetches = new PQueue({ concurrency: FETCHES_MAX });
  readonly #perRequester = new Map<PeerId, PQueue>();
  /** A blob that is wanted again while it is on its way is not fetched twice. */
  readonly #onTheirWay = new Map<string, Promise<Uint8Array>>();

  constructor(components: ProgramFetchComponents) {
    this.#components = components;
  }

  /** @returns what is to be told of it; never rejects */
  async load(request: Request): Promise<Outcome> {
    const { program, requester } = request;
    try {
      const trouble = await this.#trouble(request);
      return trouble === undefined
        ? { type: 'program-ready', program }
        : { type: 'program-failed', program, reason: shown(trouble) };
    } catch (error) {
      const why = error instanceof Undecided ? '' : 'its program could not be had: ';
      const reason = shown(`${why}${reasonOf(error)}`);
      return { type: 'program-missing', requester, program, reason };
    }
  }

  /**
   * @returns why it can't run here, whoever offers it
   * @throws {Error} when it can't be had, or `Undecided`
   */
  async #trouble(request: Request): Promise<string | undefined> {
    const { ref, limits: chunkLimits } = request;
    const sizes = new Map([[ref.program, ref.programBytes]]);
    let setup: Setup | undefined;
    if (ref.setup !== undefined) {
      const decoded = decodeSetup(await this.#read(request, ref.setup));
      if (decoded.type === 'rejected') return `its setup can't be used: ${decoded.reason}`;
      if (decoded.type === 'message') setup = decoded.message;
      for (const { digest, bytes } of setup?.files ?? []) sizes.set(digest, bytes);
    }
    const uncached = await this.#bringHere(request, sizes);
    let lack: string | undefined;
    const read: ReadBlob = async (blob) => {
      try {
        const bytes = uncached.get(blob);
        return bytes ?? (await this.#read(request, { digest: blob, bytes: sizes.get(blob) ?? 0 }));
      } catch (error) {
        lack ??= reasonOf(error);
        throw error;
      }
    };
    const program = loadableProgram(ref, setup, chunkLimits.memoryBytesMax, read);
    const failure = await this.#components.sandbox.load(program, chunkLimits);
    uncached.clear();
    // What the sandbox makes of bytes that it did not get says nothing of the program.
    if (lack !== undefined) throw new Error(lack);
    if (failure === undefined) return undefined;
    const reason = `${failure.kind}: ${failure.detail}`;
    if (failure.kind === 'timed-out') throw new Undecided(reason);
    return reason;
  }

  /**
   * Fetches what is neither this peer's own nor in the cache.
   * @returns what the cache did not take, as on a full disk; to be let go as soon as it is loaded
   */
  async #bringHere(
    source: Source,
    sizes: ReadonlyMap<Digest, number>,
  ): Promise<Map<Digest, Uint8Array>> {
    const { self, cache } = this.#components;
    const uncached = new Map<Digest, Uint8Array>();
    if (source.requester === self) return uncached;
    const bring = async ([digest, bytes]: [Digest, number]): Promise<void> => {
      if (cache.has(digest)) return;
      const fetched = await this.#read(source, { digest, bytes });
      if (!cache.has(digest)) uncached.set(digest, fetched);
    };
    await Promise.all(Array.from(sizes, bring));
    return uncached;
  }

  /** @throws {Error} when it can't be had, or is not as large as was announced */
  async #read(source: Source, { digest, bytes: announced }: BlobRef): Promise<Uint8Array> {
    const { self, store, cache } = this.#components;
    const bytes =
      source.requester === self
        ? await store.getBlob(digest)
        : ((await cache.get(digest)) ?? (await this.#fetchOnce(source, digest, announced)));
    if (bytes === undefined) throw new Error(`blob ${short(digest)} is gone from the disk`);
    if (bytes.length === announced) return bytes;
    throw new Error(
      `blob ${short(digest)} has ${bytes.length} bytes, and its requester announced ${announced}`,
    );
  }

  /** Only of the same requester: another one may be slow, or lie about the size. */
  #fetchOnce(source: Source, blob: Digest, bytesMax: number): Promise<Uint8Array> {
    const key = `${source.requester} ${blob} ${bytesMax}`;
    const present = this.#onTheirWay.get(key);
    if (present !== undefined) return present;
    const fetched = this.#inTurn(source.requester, () => this.#fetch(source, blob, bytesMax));
    this.#onTheirWay.set(key, fetched);
    return fetched.finally(() => this.#onTheirWay.delete(key));
  }

  async #fetch(source: Source, blob: Digest, bytesMax: number): Promise<Uint8Array> {
    const { transport, cache } = this.#components;
    const { requester, addresses } = source;
    const bytes = await transport.fetchBlob(requester, addresses, blob, bytesMax);
    await cache.put(blob, bytes);
    return bytes;
  }

  #inTurn(requester: PeerId, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
    let queue = this.#perRequester.get(requester);
    if (queue === undefined) {
      queue = new PQueue({ concurrency: FETCHES_EACH_MAX });
      queue.addEventListener('idle', () => this.#perRequester.delete(requester));
      this.#perRequester.set(requester, queue);
    }
    return queue.add(() => this.#fetches.add(fetch));
  }
}

/** Time is the machine's as much as the program's: it is looked at again later. */
class Undecided extends Error {}

/** In the words of a stranger, or of its program, for this machine's owner. */
function shown(reason: string): string {
  return cut(printable(reason, 'one-line'), limits.reasonCharsMax);
}
