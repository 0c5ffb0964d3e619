/**
 * An open file of a WASI program. The library decodes calls and hands them on to this.
 *
 * Sizes and offsets may be any number of 64 bits. They make no more room than the chunk may use,
 * and a size that a double doesn't count exactly is far beyond that.
 */

import { Fd, wasi } from '@bjorn3/browser_wasi_shim';

import { setTimes } from './wasi-changes.ts';
import type { WasiFile } from './wasi-files.ts';
import { WasiFilestat } from './wasi-filestat.ts';

const noBytes = new Uint8Array(0);

const anyFileRights =
  wasi.RIGHTS_FD_SEEK |
  wasi.RIGHTS_FD_TELL |
  wasi.RIGHTS_FD_FDSTAT_SET_FLAGS |
  wasi.RIGHTS_FD_SYNC |
  wasi.RIGHTS_FD_ADVISE |
  wasi.RIGHTS_FD_FILESTAT_GET |
  wasi.RIGHTS_FD_FILESTAT_SET_TIMES |
  wasi.RIGHTS_POLL_FD_READWRITE;
const writeRights =
  wasi.RIGHTS_FD_WRITE |
  wasi.RIGHTS_FD_DATASYNC |
  wasi.RIGHTS_FD_ALLOCATE |
  wasi.RIGHTS_FD_FILESTAT_SET_SIZE;

export const fileRights = anyFileRights | writeRights | wasi.RIGHTS_FD_READ;

export type Access = { readonly read: boolean; readonly write: boolean };

export class OpenWasiFile extends Fd {
  readonly #file: WasiFile;
  readonly #access: Access;
  #flags: number;
  #position = 0;

  constructor(file: WasiFile, access: Access, flags: number) {
    super();
    this.#file = file;
    this.#access = access;
    this.#flags = flags;
    file.opened();
  }

  get bytesReady(): number {
    return Math.max(0, this.#file.size - this.#position);
  }

  override fd_close(): number {
    this.#file.closed();
    return wasi.ERRNO_SUCCESS;
  }

  override fd_fdstat_get(): ReturnType<Fd['fd_fdstat_get']> {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_REGULAR_FILE, this.#flags);
    const { read, write } = this.#access;
    fdstat.fs_rights_base = BigInt(
      anyFileRights | (read ? wasi.RIGHTS_FD_READ : 0) | (write ? writeRights : 0),
    );
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_fdstat_set_flags(flags: number): number {
    this.#flags = flags;
    return wasi.ERRNO_SUCCESS;
  }

  override fd_filestat_get(): ReturnType<Fd['fd_filestat_get']> {
    return { ret: wasi.ERRNO_SUCCESS, filestat: WasiFilestat.of(this.#file) };
  }

  override fd_filestat_set_times(atim: bigint, mtim: bigint, flags: number): number {
    return setTimes(this.#file, atim, mtim, flags);
  }

  override fd_filestat_set_size(size: bigint): number {
    if (!this.#access.write) return wasi.ERRNO_BADF;
    return this.#file.resize(Number(size)) ? wasi.ERRNO_SUCCESS : wasi.ERRNO_NOSPC;
  }

  override fd_allocate(offset: bigint, bytes: bigint): number {
    if (!this.#access.write) return wasi.ERRNO_BADF;
    const size = Number(offset + bytes);
    const enough = size <= this.#file.size || this.#file.resize(size);
    return enough ? wasi.ERRNO_SUCCESS : wasi.ERRNO_NOSPC;
  }

  override fd_read(size: number): ReturnType<Fd['fd_read']> {
    const { ret, data } = this.fd_pread(size, BigInt(this.#position));
    this.#position += data.byteLength;
    return { ret, data };
  }

  override fd_pread(size: number, offset: bigint): ReturnType<Fd['fd_pread']> {
    if (!this.#access.read) return { ret: wasi.ERRNO_BADF, data: noBytes };
    return { ret: wasi.ERRNO_SUCCESS, data: this.#file.read(Number(offset), size) };
  }

  override fd_write(data: Uint8Array): ReturnType<Fd['fd_write']> {
    if ((this.#flags & wasi.FDFLAGS_APPEND) !== 0) this.#position = this.#file.size;
    const { ret, nwritten } = this.fd_pwrite(data, BigInt(this.#position));
    this.#position += nwritten;
    return { ret, nwritten };
  }

  override fd_pwrite(data: Uint8Array, offset: bigint): ReturnType<Fd['fd_pwrite']> {
    if (!this.#access.write) return { ret: wasi.ERRNO_BADF, nwritten: 0 };
    const fits = this.#file.write(data, Number(offset));
    if (!fits) return { ret: wasi.ERRNO_NOSPC, nwritten: 0 };
    return { ret: wasi.ERRNO_SUCCESS, nwritten: data.byteLength };
  }

  override fd_seek(offset: bigint, whence: number): ReturnType<Fd['fd_seek']> {
    const from = this.#seekBase(whence);
    const position = from === undefined ? -1n : BigInt(from) + offset;
    // Past what a double counts exactly there is no file.
    if (position < 0n || position > BigInt(Number.MAX_SAFE_INTEGER)) {
      return { ret: wasi.ERRNO_INVAL, offset: 0n };
    }
    this.#position = Number(position);
    return { ret: wasi.ERRNO_SUCCESS, offset: position };
  }

  override fd_tell(): ReturnType<Fd['fd_tell']> {
    return { ret: wasi.ERRNO_SUCCESS, offset: BigInt(this.#position) };
  }

  #seekBase(whence: number): number | undefined {
    if (whence === wasi.WHENCE_SET) return 0;
    if (whence === wasi.WHENCE_CUR) return this.#position;
    return whence === wasi.WHENCE_END ? this.#file.size : undefined;
  }
}
