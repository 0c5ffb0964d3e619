/**
 * Large results while volunteers bring them: a file for each lease in one folder, so that neither a
 * cut nor a restart of either side has anything sent twice. A file is what one volunteer has sent,
 * never shared with others who say the same digest: who could see that somebody else has had its
 * result before would know when lying is safe.
 *
 * What is here is nobody's only copy: its volunteer keeps the result until that is acknowledged. So
 * nothing is synced, and when there is too much, what nobody goes on with is dropped: of whoever
 * has the most, the oldest first.
 */

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { digest, type Digest, jobId, peerId, type PeerId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { ValueName } from '../model/replica.ts';
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
  bytes: number;
  isOpen: boolean;
  /** Unix time when somebody was at it last. */
  usedMs: number;
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

  /** Takes up what is there from before; that it can't be read is no reason not to start. */
  static async open(options: IncomingValuesOptions): Promise<IncomingValues> {
    const values = new IncomingValues(options);
    await values.#takeUp().catch(() => undefined);
    values.#limit.add('incoming', {
      bytes: () => values.bytesTaken,
      shed: (bytes) => values.#shed(bytes) > 0,
    });
    return values;
  }

  /** On the disk, or still to come. */
  get bytesTaken(): number {
    return this.#values.values().reduce((sum, { bytes }) => sum + bytesOnDisk(bytes), 0);
  }

  /**
   * Goes on with a value, or begins one. Of each lease there is one: another one takes its place.
   * @param bytes of the whole value
   * @returns undefined while there is no room for it, or somebody is at it
   * @throws {GridError} `disk-full`, `store-failed`
   */
  async begin(about: ValueName, bytes: number): Promise<IncomingValue | undefined> {
    const name = nameOf(about);
    this.#sweep();
    this.#dropOthers(about);
    const before = this.#values.get(name);
    if (before?.isOpen === true) return undefined;
    const { from, digest: blob } = about;
    const value: Value = before ?? { from, bytes: 0, isOpen: true, usedMs: Date.now() };
    // Not to be dropped for its own sake.
    value.isOpen = true;
    try {
      if (!this.#makeRoom(from, bytesOnDisk(bytes) - bytesOnDisk(value.bytes))) {
        value.isOpen = false;
        return undefined;
      }
      value.bytes = bytes;
      this.#values.delete(name);
      this.#values.set(name, value);
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
  async take(about: ValueName): Promise<Uint8Array | undefined> {
    const name = nameOf(about);
    const value = this.#values.get(name);
    if (value === undefined || value.isOpen) return undefined;
    const path = join(this.#path, name);
    // Taken by nobody else meanwhile.
    value.isOpen = true;
    try {
      const bytes = await readFile(path);
      if (bytes.length === value.bytes && (await digestInSlices(bytes)) === about.digest) {
        return bytes;
      }
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
          value.usedMs = Date.now();
        },
      });
      await incoming.takeUp();
      return incoming;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * @param bytes more than now
   * @returns false when there is none
   * @throws {GridError} `disk-full`
   */
  #makeRoom(from: PeerId, bytes: number): boolean {
    const overOwn = this.#bytesOf(from) + bytes - this.#bytesEachMax;
    if (overOwn > 0 && this.#shedOf(from, overOwn) < overOwn) return false;
    const over = this.bytesTaken + bytes - this.#bytesMax;
    if (over > 0 && this.#shed(over) < over) return false;
    this.#limit.makeRoom(() => bytes, 'incoming');
    return true;
  }

  #bytesOf(peer: PeerId): number {
    let sum = 0;
    for (const { from, bytes } of this.#values.values()) {
      if (from === peer) sum += bytesOnDisk(bytes);
    }
    return sum;
  }

  /** Of whoever has the most. @returns how much was given up */
  #shed(bytes: number): number {
    let shed = 0;
    while (shed < bytes) {
      const idle = new Map<PeerId, number>();
      for (const { from, isOpen, bytes: size } of this.#values.values()) {
        if (!isOpen) idle.set(from, (idle.get(from) ?? 0) + size);
      }
      const [most] = [...idle].toSorted((a, b) => b[1] - a[1]);
      if (most === undefined) break;
      shed += this.#shedOf(most[0], 1);
    }
    return shed;
  }

  /** What a peer does not go on with, the oldest first. @returns how much was given up */
  #shedOf(peer: PeerId, bytes: number): number {
    let shed = 0;
    for (const [name, value] of this.#values) {
      if (shed >= bytes) break;
      if (value.isOpen || value.from !== peer) continue;
      this.#drop(name);
      shed += bytesOnDisk(value.bytes);
    }
    return shed;
  }

  #drop(name: string): void {
    this.#values.delete(name);
    rmSync(join(this.#path, name), { force: true });
  }

  /** What was brought for the same lease, and is another value. */
  #dropOthers(about: ValueName): void {
    const [name, lease] = [nameOf(about), leaseNameOf(about)];
    for (const [other, { isOpen }] of this.#values) {
      if (other.startsWith(lease) && other !== name && !isOpen) this.#drop(other);
    }
  }

  #sweep(): void {
    const sinceMs = Date.now() - KEPT_MS;
    for (const [name, { usedMs, isOpen }] of this.#values) {
      if (!isOpen && usedMs < sinceMs) this.#drop(name);
    }
  }

  async #takeUp(): Promise<void> {
    const found: (readonly [name: string, Value])[] = [];
    for (const name of (await ifThere(readdir(this.#path))) ?? []) {
      const path = join(this.#path, name);
      const { size, mtimeMs } = await stat(path);
      const from = senderOf(name);
      if (from === undefined) await rm(path, { recursive: true, force: true });
      else found.push([name, { from, bytes: size, isOpen: false, usedMs: mtimeMs }]);
    }
    for (const [name, value] of found.toSorted((a, b) => a[1].usedMs - b[1].usedMs)) {
      this.#values.set(name, value);
    }
    this.#sweep();
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

/** Of all that a volunteer brings for a lease. */
function leaseNameOf({ from, job, lease }: ValueName): string {
  return `${from}-${job}-${lease}-`;
}

function nameOf(about: ValueName): string {
  return `${leaseNameOf(about)}${about.digest}`;
}

/** @returns undefined for a file that is none of these */
function senderOf(name: string): PeerId | undefined {
  const [from = '', job = '', lease = '', blob = '', ...rest] = name.split('-');
  if (!/^\d+$/.test(lease) || rest.length > 0) return undefined;
  try {
    jobId(job);
    digest(blob);
    return peerId(from);
  } catch {
    return undefined;
  }
}
