/**
 * Calls WASI functions as a program would, without one: a memory, and the functions bound to a run.
 * Results are error numbers, those of the library's `wasi`.
 */

import { wasi } from '@bjorn3/browser_wasi_shim';

import { WasiData, type WasiDataFile } from '../../src/sandbox/wasi-data.ts';
import { WasiImports } from '../../src/sandbox/wasi-imports.ts';
import { type WasiChunk, WasiRun } from '../../src/sandbox/wasi-run.ts';

const KiB = 1024;

export const smallChunk: WasiChunk = {
  stdin: Buffer.from('a chunk'),
  seed: 'job 1, chunk 1',
  resultBytesMax: 64 * KiB,
  stderrBytesMax: KiB,
  memoryBytesMax: 256 * KiB,
};

export const rights = {
  read: BigInt(wasi.RIGHTS_FD_READ),
  write: BigInt(wasi.RIGHTS_FD_WRITE),
  both: BigInt(wasi.RIGHTS_FD_READ | wasi.RIGHTS_FD_WRITE),
} as const;

export type WasiCallerOptions = {
  readonly chunk?: Partial<WasiChunk>;
  readonly files?: readonly WasiDataFile[];
  readonly arguments?: readonly string[];
  readonly environment?: readonly string[];
};

/** Where results of a call go; arguments are put after it. */
const resultAt = 0;
const argumentsAt = 1024;
/** The folder that is open from the start. */
const rootFd = 3;

export class WasiCaller {
  memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
  readonly run: WasiRun;
  readonly #imports: WasiImports;
  #freeAt = argumentsAt;

  constructor(options: WasiCallerOptions = {}) {
    const chunk = { ...smallChunk, ...options.chunk };
    const { root, space } = new WasiData(options.files ?? []).rootFor(chunk.memoryBytesMax);
    this.run = new WasiRun(chunk, root, space);
    this.#imports = new WasiImports(options.arguments ?? [], options.environment ?? []);
    this.#imports.bind(this.run);
    this.attach(this.memory);
  }

  /** Goes on with another memory. */
  attach(memory: WebAssembly.Memory): void {
    this.memory = memory;
    this.#imports.attach(memory);
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** What a call wrote to its result. */
  get result(): { readonly u32: number; readonly u64: bigint } {
    return {
      u32: this.view.getUint32(resultAt, true),
      u64: this.view.getBigUint64(resultAt, true),
    };
  }

  /** Numbers as WebAssembly hands them over: signed. */
  call(name: string, ...args: readonly (number | bigint)[]): unknown {
    const signed = args.map((arg) => (typeof arg === 'number' ? arg | 0 : BigInt.asIntN(64, arg)));
    this.#freeAt = argumentsAt;
    return this.#imports.functions[name]?.(...signed);
  }

  /** Puts bytes into memory; address and length. */
  put(bytes: string | Uint8Array): readonly [number, number] {
    const put = Buffer.from(bytes);
    const at = this.#freeAt;
    new Uint8Array(this.memory.buffer).set(put, at);
    this.#freeAt += put.byteLength + (8 - (put.byteLength % 8));
    return [at, put.byteLength];
  }

  /** Puts a list of buffers, each an address and a length; address and count. */
  putBuffers(...buffers: readonly (readonly [number, number])[]): readonly [number, number] {
    const [at] = this.put(new Uint8Array(8 * buffers.length));
    for (const [index, [bufferAt, bytes]] of buffers.entries()) {
      this.view.setUint32(at + 8 * index, bufferAt, true);
      this.view.setUint32(at + 8 * index + 4, bytes, true);
    }
    return [at, buffers.length];
  }

  bytes(at: number, count: number): Buffer {
    return Buffer.from(this.memory.buffer.slice(at, at + count));
  }

  /** The error number; the descriptor is in `result`. */
  open(
    path: string | Uint8Array,
    options: {
      readonly oflags?: number;
      readonly rights?: bigint;
      readonly flags?: number;
      readonly fd?: number;
    } = {},
  ): unknown {
    const { oflags = 0, rights: asked = rights.read, flags = 0, fd = rootFd } = options;
    return this.call('path_open', fd, 0, ...this.put(path), oflags, asked, 0n, flags, resultAt);
  }

  /** Opens what must open. */
  descriptor(...options: Parameters<WasiCaller['open']>): number {
    const errno = this.open(...options);
    if (errno !== wasi.ERRNO_SUCCESS) throw new Error(`path_open: errno ${String(errno)}`);
    return this.result.u32;
  }

  /** A new or emptied file with that in it, open for all. */
  file(path: string, contents: string): number {
    const oflags = wasi.OFLAGS_CREAT | wasi.OFLAGS_TRUNC;
    const fd = this.descriptor(path, { oflags, rights: rights.both });
    this.write(fd, contents);
    return fd;
  }

  write(fd: number, contents: string | Uint8Array): unknown {
    return this.call('fd_write', fd, ...this.putBuffers(this.put(contents)), resultAt);
  }

  /** As text, at most 256 bytes; or the error number. */
  read(fd: number): unknown {
    const buffer = this.put(new Uint8Array(256));
    const errno = this.call('fd_read', fd, ...this.putBuffers(buffer), resultAt);
    return errno === wasi.ERRNO_SUCCESS ? this.bytes(buffer[0], this.result.u32).toString() : errno;
  }

  /** What a call with one path says, relative to the root. */
  onPath(name: string, path: string | Uint8Array): unknown {
    return this.call(name, rootFd, ...this.put(path));
  }

  rename(from: string, to: string): unknown {
    return this.call('path_rename', rootFd, ...this.put(from), rootFd, ...this.put(to));
  }

  /** Inode, type, size and times; or the error number. */
  stat(path: string): unknown {
    const errno = this.call('path_filestat_get', rootFd, 0, ...this.put(path), resultAt);
    return errno === wasi.ERRNO_SUCCESS ? this.readFilestat() : errno;
  }

  readFilestat(): Readonly<Record<string, number | bigint>> {
    const u64 = (at: number): bigint => this.view.getBigUint64(resultAt + at, true);
    return {
      dev: u64(0),
      inode: u64(8),
      type: this.view.getUint8(resultAt + 16),
      links: u64(24),
      bytes: u64(32),
      accessedNs: u64(40),
      modifiedNs: u64(48),
      changedNs: u64(56),
    };
  }

  /** Names in a folder, as they come, read in pieces that hold few of them. */
  list(fd = rootFd): readonly string[] {
    const names: string[] = [];
    const pieceBytes = 64;
    for (let cookie = 0n; ;) {
      const [at] = this.put(new Uint8Array(pieceBytes));
      const errno = this.call('fd_readdir', fd, at, pieceBytes, cookie, resultAt);
      if (errno !== wasi.ERRNO_SUCCESS) throw new Error(`fd_readdir: errno ${String(errno)}`);
      const end = at + this.result.u32;
      let entryAt = at;
      while (entryAt + 24 <= end) {
        const nameBytes = this.view.getUint32(entryAt + 16, true);
        if (entryAt + 24 + nameBytes > end) break;
        cookie = this.view.getBigUint64(entryAt, true);
        names.push(this.bytes(entryAt + 24, nameBytes).toString());
        entryAt += 24 + nameBytes;
      }
      if (end < at + pieceBytes) return names;
    }
  }
}
