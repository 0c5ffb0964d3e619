/**
 * The files of a WASI program: a tree in memory. Data files of the job are in it, shared by all
 * chunks and read-only, as are the folders they are in. What the program makes of its own, beside
 * them, in "/" or in "/tmp", is gone with the chunk.
 *
 * Only the nodes are here; `wasi-path.ts` finds them, `wasi-changes.ts` changes them. The library's
 * own tree was left: it copies a file for each write to it, makes room for whatever offset it is
 * told, and numbers files across all programs that ever ran.
 */

import { epochNs } from './wasi-clock.ts';

/** Files and folders that a chunk makes; some 500 bytes each. A guess. */
const nodesMax = 16_384;
/** The first growth of a file, and what it is a multiple of in the end. */
const firstBytes = 256;

/** What one chunk may still use. */
export class WasiSpace {
  #bytesLeft: number;
  #nodesLeft = nodesMax;
  #nextInode: number;

  constructor(bytesMax: number, firstInode: number) {
    this.#bytesLeft = bytesMax;
    this.#nextInode = firstInode;
  }

  get bytesLeft(): number {
    return this.#bytesLeft;
  }

  takeBytes(bytes: number): void {
    this.#bytesLeft -= bytes;
  }

  /** @returns the new node's inode, or undefined when there is no room for one */
  takeNode(): number | undefined {
    if (this.#nodesLeft === 0) return undefined;
    this.#nodesLeft -= 1;
    this.#nextInode += 1;
    return this.#nextInode - 1;
  }

  giveNodeBack(): void {
    this.#nodesLeft += 1;
  }
}

export type WasiNode = WasiFile | WasiFolder;

export class WasiFile {
  readonly inode: number;
  /** Undefined for a data file, which nothing changes. */
  readonly #space: WasiSpace | undefined;
  /** Only the first `size` bytes are content; those after are zero. */
  #bytes: Uint8Array;
  #size: number;
  #linked = true;
  #openCount = 0;
  accessedNs = epochNs;
  modifiedNs = epochNs;

  private constructor(inode: number, bytes: Uint8Array, space: WasiSpace | undefined) {
    this.inode = inode;
    this.#bytes = bytes;
    this.#size = bytes.byteLength;
    this.#space = space;
  }

  /** The bytes are not copied. */
  static data(inode: number, bytes: Uint8Array): WasiFile {
    return new WasiFile(inode, bytes, undefined);
  }

  static empty(inode: number, space: WasiSpace): WasiFile {
    return new WasiFile(inode, new Uint8Array(0), space);
  }

  get readOnly(): boolean {
    return this.#space === undefined;
  }

  get size(): number {
    return this.#size;
  }

  /** A view, to be copied from at once; fewer bytes, or none, at the end. */
  read(at: number, bytes: number): Uint8Array {
    return this.#bytes.subarray(Math.min(at, this.#size), Math.min(at + bytes, this.#size));
  }

  /** @returns whether there was room */
  write(bytes: Uint8Array, at: number): boolean {
    if (bytes.byteLength === 0) return true;
    const end = at + bytes.byteLength;
    if (end > this.#size && !this.resize(end)) return false;
    this.#bytes.set(bytes, at);
    return true;
  }

  /** @returns whether there was room */
  resize(size: number): boolean {
    if (size > this.#bytes.byteLength && !this.#grow(size)) return false;
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    this.#size = size;
    if (size === 0) this.#giveBytesBack();
    return true;
  }

  opened(): void {
    this.#openCount += 1;
  }

  closed(): void {
    this.#openCount -= 1;
    this.#releaseIfGone();
  }

  /** No folder has it any more; who has it open still can use it. */
  unlinked(): void {
    this.#linked = false;
    this.#releaseIfGone();
  }

  /** To twice the size, so that many small writes cost no more than one large one. */
  #grow(size: number): boolean {
    const space = this.#space;
    const had = this.#bytes.byteLength;
    if (space === undefined || size - had > space.bytesLeft) return false;
    const wanted = Math.max(size, 2 * had, firstBytes);
    const bytes = new Uint8Array(Math.min(wanted, had + space.bytesLeft));
    bytes.set(this.#bytes);
    space.takeBytes(bytes.byteLength - had);
    this.#bytes = bytes;
    return true;
  }

  #releaseIfGone(): void {
    if (this.#linked || this.#openCount > 0) return;
    this.#size = 0;
    this.#giveBytesBack();
    this.#space?.giveNodeBack();
  }

  #giveBytesBack(): void {
    this.#space?.takeBytes(-this.#bytes.byteLength);
    this.#bytes = new Uint8Array(0);
  }
}

export type WasiEntry = {
  readonly name: string;
  readonly node: WasiNode;
  /** Counts the entries that the folder ever had; who lists it goes on after the last one seen. */
  readonly serial: number;
};

export class WasiFolder {
  readonly inode: number;
  readonly #space: WasiSpace | undefined;
  /** Undefined for the root. */
  parent: WasiFolder | undefined;
  #removed = false;
  accessedNs = epochNs;
  modifiedNs = epochNs;
  readonly #entries = new Map<string, WasiEntry>();
  #nextSerial = 0;
  #listed: readonly WasiEntry[] | undefined;

  constructor(
    inode: number,
    parent: WasiFolder | undefined,
    /** What it counts against; without one the folder is read-only. */
    space: WasiSpace | undefined,
  ) {
    this.inode = inode;
    this.parent = parent;
    this.#space = space;
  }

  /** A folder with the same entries, for a chunk to change. */
  copyFor(space: WasiSpace): WasiFolder {
    const copy = new WasiFolder(this.inode, this.parent, space);
    for (const { name, node } of this.#entries.values()) copy.add(name, node);
    return copy;
  }

  get readOnly(): boolean {
    return this.#space === undefined;
  }

  /** Nothing can be made in it any more. */
  get removed(): boolean {
    return this.#removed;
  }

  /** It was empty, and no folder has it any more. */
  unlinked(): void {
    this.#removed = true;
    this.#space?.giveNodeBack();
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): WasiNode | undefined {
    return this.#entries.get(name)?.node;
  }

  /** There must be no entry of that name. */
  add(name: string, node: WasiNode): void {
    this.#entries.set(name, { name, node, serial: this.#nextSerial });
    this.#nextSerial += 1;
    this.#listed = undefined;
  }

  delete(name: string): void {
    this.#entries.delete(name);
    this.#listed = undefined;
  }

  /** The first entry with that serial number or a higher one. */
  entryFrom(serial: number): WasiEntry | undefined {
    this.#listed ??= [...this.#entries.values()];
    // Serial numbers only grow, along the list as in time.
    let low = 0;
    let high = this.#listed.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#listed[middle]?.serial ?? 0) < serial) low = middle + 1;
      else high = middle;
    }
    return this.#listed[low];
  }

  /** Whether this is `folder` or somewhere in it. */
  isWithin(folder: WasiFolder): boolean {
    if (this === folder) return true;
    for (let at = this.parent; at !== undefined; at = at.parent) if (at === folder) return true;
    return false;
  }
}
