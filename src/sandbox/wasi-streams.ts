/**
 * Where a WASI program reads its chunk, and where it writes its result and its complaints. They
 * look like pipes: nothing that can be sought, no terminal.
 */

import { Fd, wasi } from '@bjorn3/browser_wasi_shim';

import { WasiFilestat } from './wasi-filestat.ts';

const noBytes = new Uint8Array(0);
/** The first growth of a stream's memory. */
const firstBytes = 1024;

/** A pipe, as wasmtime shows one: a character device would be taken for a terminal. */
abstract class Pipe extends Fd {
  readonly #rights: number;

  constructor(rights: number) {
    super();
    this.#rights = rights | wasi.RIGHTS_FD_FILESTAT_GET | wasi.RIGHTS_POLL_FD_READWRITE;
  }

  override fd_fdstat_get(): ReturnType<Fd['fd_fdstat_get']> {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_UNKNOWN, 0);
    fdstat.fs_rights_base = BigInt(this.#rights);
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  /** To be non-blocking, for one: none of these ever blocks. */
  override fd_fdstat_set_flags(): number {
    return wasi.ERRNO_SUCCESS;
  }

  override fd_filestat_get(): ReturnType<Fd['fd_filestat_get']> {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new WasiFilestat(0, wasi.FILETYPE_UNKNOWN, 0) };
  }

  override fd_read(_size: number): ReturnType<Fd['fd_read']> {
    return { ret: wasi.ERRNO_BADF, data: noBytes };
  }

  override fd_pread(): ReturnType<Fd['fd_pread']> {
    return { ret: wasi.ERRNO_SPIPE, data: noBytes };
  }

  override fd_write(_data: Uint8Array): ReturnType<Fd['fd_write']> {
    return { ret: wasi.ERRNO_BADF, nwritten: 0 };
  }

  override fd_pwrite(): ReturnType<Fd['fd_pwrite']> {
    return { ret: wasi.ERRNO_SPIPE, nwritten: 0 };
  }

  override fd_seek(): ReturnType<Fd['fd_seek']> {
    return { ret: wasi.ERRNO_SPIPE, offset: 0n };
  }

  override fd_tell(): ReturnType<Fd['fd_tell']> {
    return { ret: wasi.ERRNO_SPIPE, offset: 0n };
  }
}

/** Bytes, then the end. */
export class InputPipe extends Pipe {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(wasi.RIGHTS_FD_READ);
    this.#rest = bytes;
  }

  get bytesReady(): number {
    return this.#rest.byteLength;
  }

  override fd_read(size: number): ReturnType<Fd['fd_read']> {
    const data = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(data.byteLength);
    return { ret: wasi.ERRNO_SUCCESS, data };
  }
}

/** Keeps all that is written, up to a limit. */
export class OutputPipe extends Pipe {
  readonly #bytesMax: number;
  readonly #onOver: () => never;
  #bytes = noBytes;
  #size = 0;

  /** @param onOver more than `bytesMax` were written; ends the program */
  constructor(bytesMax: number, onOver: () => never) {
    super(wasi.RIGHTS_FD_WRITE);
    this.#bytesMax = bytesMax;
    this.#onOver = onOver;
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  override fd_write(data: Uint8Array): ReturnType<Fd['fd_write']> {
    const size = this.#size + data.byteLength;
    if (size > this.#bytesMax) this.#onOver();
    if (size > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#size, firstBytes));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(data, this.#size);
    this.#size = size;
    return { ret: wasi.ERRNO_SUCCESS, nwritten: data.byteLength };
  }
}

/** Keeps the end of what is written: that is what tells why a program failed. */
export class TailPipe extends Pipe {
  readonly #bytesMax: number;
  /** Twice as many, so that room is made once for each `bytesMax` written. */
  #bytes = noBytes;
  #size = 0;

  constructor(bytesMax: number) {
    super(wasi.RIGHTS_FD_WRITE);
    this.#bytesMax = bytesMax;
  }

  get text(): string {
    if (this.#size === 0) return '';
    const from = Math.max(0, this.#size - this.#bytesMax);
    return new TextDecoder().decode(this.#bytes.subarray(from, this.#size));
  }

  override fd_write(data: Uint8Array): ReturnType<Fd['fd_write']> {
    const kept = data.subarray(Math.max(0, data.byteLength - this.#bytesMax));
    if (this.#bytes.byteLength === 0) this.#bytes = new Uint8Array(2 * this.#bytesMax);
    if (this.#size + kept.byteLength > this.#bytes.byteLength) {
      this.#bytes.copyWithin(0, this.#size - this.#bytesMax, this.#size);
      this.#size = this.#bytesMax;
    }
    this.#bytes.set(kept, this.#size);
    this.#size += kept.byteLength;
    return { ret: wasi.ERRNO_SUCCESS, nwritten: data.byteLength };
  }
}
