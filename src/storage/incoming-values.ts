/**
 * Large results while volunteers bring them: a file for each in one folder, `incoming/PEER-DIGEST`,
 * so that neither a cut nor a restart of either side has anything sent twice. A file is what one
 * volunteer has sent, never shared with others who say the same digest: who could see that somebody
 * else has had its result before would know when lying is safe.
 *
 * What is here is nobody's only copy: its volunteer keeps the result until that is acknowledged. So
 * nothing is synced, and when there is too much, what nobody goes on with is dropped, the oldest
 * first.
 */

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { digest, type Digest, peerId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { digestInSlices, ifThere } from './blob-files.ts';
import { bytesOnDisk, DiskLimit } from './disk-limit.ts';
import { storeTrouble } from './store-trouble.ts';
import { makeFolder } from './synced-files.ts';

/** A volunteer that has not come back for so long has most likely been given up. A guess. */
const KEPT_MS = 24 * 3_600_000;

export type IncomingValuesOptions = {
  /** The data folder. */
  readonly path: string;
  /** Asked for room before anything is written. */
  readonly limit?: DiskLimit;
  readonly bytesEachMax?: number;
  readonly bytesMax?: number;
};

type Value = {
  readonly from: PeerId;
  /** Of all of it, on the disk or still to come. */
  readonly bytes: number;
  isOpen: boolean;
};

export class IncomingValues {
  readonly #path: string;
  readonly #limit: DiskLimit;
  readonly #bytesEachMax: number;
  readonly #bytesMax: number;
  /** By the name of its file; the one that nobody has touched for longest first. */
  readonly #values = new Map<string, Value>();

  private constructor(options: IncomingValuesOptions) {
    const { path, limit = new DiskLimit(path), bytesEachMax, bytesMax } = options;
    this.#path = join(path, 'incoming');
    this.#limit = limit;
    this.#bytesEachMax = bytesEachMax ?? limits.putBytesEachMax;
    this.#bytesMax = bytesMax ?? limits.putBytesMax;
  }

  /** Takes up what is there from before. @throws {GridError} `disk-full`, `store-failed` */
  static async open(options: IncomingValuesOptions): Promise<IncomingValues> {
    const values = new IncomingValues(options);
    await values.#guard(() => values.#takeUp());
    values.#limit.add('incoming', {
      bytes: () => values.bytesTaken,
      shed: (bytes) => values.#shed(bytes, () => true) > 0,
    });
    return values;
  }

  /** On the disk, or still to come. */
  get bytesTaken(): number {
    return this.#values.values().reduce((sum, { bytes }) => sum + bytesOnDisk(bytes), 0);
  }

  /**
   * Goes on with a value, or begins one.
   * @param bytes of the whole value
   * @returns undefined while there is no room for it, or somebody is at it
   * @throws {GridError} `disk-full`, `store-failed`
   */
  async begin(from: PeerId, blob: Digest, bytes: number): Promise<IncomingValue | undefined> {
    const name = nameOf(from, blob);
    if (this.#values.get(name)?.isOpen === true) return undefined;
    this.#values.delete(name);
    if (!this.#hasRoom(from, bytesOnDisk(bytes))) return undefined;
    this.#limit.makeRoom(() => bytesOnDisk(bytes));
    const value = { from, bytes, isOpen: true };
    this.#values.set(name, value);
    try {
      return await this.#guard(() => this.#openFile(name, value, blob));
    } catch (error) {
      value.isOpen = false;
      throw error;
    }
  }

  /**
   * Hands over a value and forgets it.
   * @returns undefined if it is not there, not all of it, or something else
   */
  async take(from: PeerId, blob: Digest): Promise<Uint8Array | undefined> {
    const name = nameOf(from, blob);
    const value = this.#values.get(name);
    if (value === undefined || value.isOpen) return undefined;
    const path = join(this.#path, name);
    // Taken by nobody else meanwhile.
    value.isOpen = true;
    try {
      const bytes = await readFile(path);
      if (bytes.length === value.bytes && (await digestInSlices(bytes)) === blob) return bytes;
      return undefined;
    } catch {
      return undefined;
    } finally {
      this.#values.delete(name);
      await rm(path, { force: true }).catch(() => undefined);
    }
  }

  async #openFile(name: string, value: Value, blob: Digest): Promise<IncomingValue> {
    await makeFolder(this.#path);
    const path = join(this.#path, name);
    const file = await open(path, 'a+', 0o600);
    try {
      const incoming = new IncomingValue(file, blob, value.bytes, {
        guard: (work) => this.#guard(work),
        onClosed: () => {
          value.isOpen = false;
        },
      });
      await incoming.takeUp();
      return incoming;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Makes some where there is none. */
  #hasRoom(from: PeerId, bytes: number): boolean {
    const own = (value: Value): boolean => value.from === from;
    const ownBytes = this.#sum(own);
    const overOwn = ownBytes + bytes - this.#bytesEachMax;
    if (overOwn > 0 && this.#shed(overOwn, own) < overOwn) return false;
    const over = this.bytesTaken + bytes - this.#bytesMax;
    return over <= 0 || this.#shed(over, () => true) >= over;
  }

  #sum(isMeant: (value: Value) => boolean): number {
    let sum = 0;
    for (const value of this.#values.values()) {
      if (isMeant(value)) sum += bytesOnDisk(value.bytes);
    }
    return sum;
  }

  /** @returns how much was given up */
  #shed(bytes: number, isMeant: (value: Value) => boolean): number {
    let shed = 0;
    for (const [name, value] of this.#values) {
      if (shed >= bytes) break;
      if (value.isOpen || !isMeant(value)) continue;
      this.#values.delete(name);
      rmSync(join(this.#path, name), { force: true });
      shed += bytesOnDisk(value.bytes);
    }
    return shed;
  }

  async #takeUp(): Promise<void> {
    const found: { name: string; from: PeerId; bytes: number; changedMs: number }[] = [];
    for (const name of (await ifThere(readdir(this.#path))) ?? []) {
      const path = join(this.#path, name);
      const { size, mtimeMs } = await stat(path);
      const from = senderOf(name);
      const isOld = Date.now() - mtimeMs > KEPT_MS;
      if (from === undefined || isOld) await rm(path, { recursive: true, force: true });
      else found.push({ name, from, bytes: size, changedMs: mtimeMs });
    }
    for (const { name, from, bytes } of found.toSorted((a, b) => a.changedMs - b.changedMs)) {
      this.#values.set(name, { from, bytes, isOpen: false });
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeTrouble(error, this.#path);
    }
  }
}

type IncomingValueParts = {
  readonly guard: <T>(work: () => Promise<T>) => Promise<T>;
  readonly onClosed: () => void;
};

/** One value that is being brought; to be closed. */
export class IncomingValue {
  readonly #file: FileHandle;
  readonly #blob: Digest;
  readonly #bytes: number;
  readonly #parts: IncomingValueParts;
  readonly #hash = createHash('sha256');
  #offsetBytes = 0;

  constructor(file: FileHandle, blob: Digest, bytes: number, parts: IncomingValueParts) {
    this.#file = file;
    this.#blob = blob;
    this.#bytes = bytes;
    this.#parts = parts;
  }

  /** What is here of it. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  get isComplete(): boolean {
    return this.#offsetBytes === this.#bytes;
  }

  /** What is in the file from before. Once, at the beginning. */
  async takeUp(): Promise<void> {
    const { size } = await this.#file.stat();
    // What is longer than the whole is none of it.
    if (size > this.#bytes) await this.#file.truncate(0);
    const buffer = Buffer.allocUnsafeSlow(limits.blobPieceBytes);
    while (this.#offsetBytes < Math.min(size, this.#bytes)) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#offsetBytes);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#offsetBytes += bytesRead;
    }
  }

  /**
   * @returns false if it is more than there may be
   * @throws {GridError} `disk-full`, `store-failed`
   */
  async add(piece: Uint8Array): Promise<boolean> {
    if (this.#offsetBytes + piece.length > this.#bytes) return false;
    await this.#parts.guard(() => this.#file.writeFile(piece));
    this.#hash.update(piece);
    this.#offsetBytes += piece.length;
    return true;
  }

  /**
   * To be called once, when it is complete. One that is not what it was said to be is emptied, so
   * that it can be brought anew.
   */
  async check(): Promise<boolean> {
    if (this.#hash.digest('hex') === this.#blob) return true;
    await this.#parts.guard(() => this.#file.truncate(0));
    return false;
  }

  async close(): Promise<void> {
    this.#parts.onClosed();
    await this.#file.close();
  }
}

function nameOf(from: PeerId, blob: Digest): string {
  return `${from}-${blob}`;
}

/** @returns undefined for a file that is none of these */
function senderOf(name: string): PeerId | undefined {
  const [from = '', blob = ''] = name.split('-');
  try {
    digest(blob);
    return peerId(from);
  } catch {
    return undefined;
  }
}
