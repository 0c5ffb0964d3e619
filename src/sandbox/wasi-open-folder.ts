/** An open folder of a WASI program: the library decodes calls and hands them on to this. */

import { Fd, wasi } from '@bjorn3/browser_wasi_shim';

import { createFile, createFolder, removeFile, removeFolder, setTimes } from './wasi-changes.ts';
import { WasiFolder, type WasiNode, type WasiSpace } from './wasi-files.ts';
import { WasiFilestat } from './wasi-filestat.ts';
import { fileRights, OpenWasiFile } from './wasi-open-file.ts';
import { findNode, findPlace } from './wasi-path.ts';

const noBytes = new Uint8Array(0);

const folderRights =
  wasi.RIGHTS_PATH_CREATE_DIRECTORY |
  wasi.RIGHTS_PATH_CREATE_FILE |
  wasi.RIGHTS_PATH_OPEN |
  wasi.RIGHTS_FD_READDIR |
  wasi.RIGHTS_PATH_READLINK |
  wasi.RIGHTS_PATH_RENAME_SOURCE |
  wasi.RIGHTS_PATH_RENAME_TARGET |
  wasi.RIGHTS_PATH_FILESTAT_GET |
  wasi.RIGHTS_PATH_FILESTAT_SET_SIZE |
  wasi.RIGHTS_PATH_FILESTAT_SET_TIMES |
  wasi.RIGHTS_FD_FILESTAT_GET |
  wasi.RIGHTS_FD_FILESTAT_SET_TIMES |
  wasi.RIGHTS_PATH_REMOVE_DIRECTORY |
  wasi.RIGHTS_PATH_UNLINK_FILE;

export class OpenWasiFolder extends Fd {
  readonly folder: WasiFolder;
  readonly #space: WasiSpace;
  /** Of a folder that the program finds open when it starts. */
  readonly #preopenedAs: string | undefined;

  constructor(folder: WasiFolder, space: WasiSpace, preopenedAs?: string) {
    super();
    this.folder = folder;
    this.#space = space;
    this.#preopenedAs = preopenedAs;
  }

  override fd_prestat_get(): ReturnType<Fd['fd_prestat_get']> {
    if (this.#preopenedAs === undefined) return { ret: wasi.ERRNO_BADF, prestat: null };
    return { ret: wasi.ERRNO_SUCCESS, prestat: wasi.Prestat.dir(this.#preopenedAs) };
  }

  override fd_fdstat_get(): ReturnType<Fd['fd_fdstat_get']> {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_DIRECTORY, 0);
    fdstat.fs_rights_base = BigInt(folderRights);
    // wasi-libc asks for no right on a file that the folder can't pass on.
    fdstat.fs_rights_inherited = BigInt(folderRights | fileRights);
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_filestat_get(): ReturnType<Fd['fd_filestat_get']> {
    return { ret: wasi.ERRNO_SUCCESS, filestat: WasiFilestat.of(this.folder) };
  }

  override fd_filestat_set_times(atim: bigint, mtim: bigint, flags: number): number {
    return setTimes(this.folder, atim, mtim, flags);
  }

  override fd_read(): ReturnType<Fd['fd_read']> {
    return { ret: wasi.ERRNO_ISDIR, data: noBytes };
  }

  /** The cookie is 0 for ".", 1 for "..", then the serial numbers of entries, from 2 on. */
  override fd_readdir_single(cookie: bigint): ReturnType<Fd['fd_readdir_single']> {
    const folder = this.folder;
    if (cookie === 0n) return dirent(1, '.', folder);
    if (cookie === 1n) return dirent(2, '..', folder.parent ?? folder);
    const entry = folder.entryFrom(Number(cookie) - 2);
    if (entry === undefined) return { ret: wasi.ERRNO_SUCCESS, dirent: null };
    return dirent(entry.serial + 3, entry.name, entry.node);
  }

  override path_filestat_get(_flags: number, path: string): ReturnType<Fd['path_filestat_get']> {
    const node = findNode(this.folder, path);
    if (typeof node === 'number') return { ret: node, filestat: null };
    return { ret: wasi.ERRNO_SUCCESS, filestat: WasiFilestat.of(node) };
  }

  override path_filestat_set_times(
    _flags: number,
    path: string,
    atim: bigint,
    mtim: bigint,
    flags: number,
  ): number {
    const node = findNode(this.folder, path);
    return typeof node === 'number' ? node : setTimes(node, atim, mtim, flags);
  }

  /** There are no symbolic links. `realpath` wants to hear "not one" of whatever is there. */
  override path_readlink(path: string): ReturnType<Fd['path_readlink']> {
    const node = findNode(this.folder, path);
    return { ret: typeof node === 'number' ? node : wasi.ERRNO_INVAL, data: null };
  }

  override path_open(
    _dirflags: number,
    path: string,
    oflags: number,
    rights: bigint,
    _rightsInherited: bigint,
    flags: number,
  ): ReturnType<Fd['path_open']> {
    const access = {
      read: (rights & BigInt(wasi.RIGHTS_FD_READ)) !== 0n,
      write: (rights & BigInt(wasi.RIGHTS_FD_WRITE)) !== 0n,
    };
    const node = this.#nodeToOpen(path, oflags);
    if (typeof node === 'number') return { ret: node, fd_obj: null };
    const truncates = (oflags & wasi.OFLAGS_TRUNC) !== 0;
    if (node instanceof WasiFolder) {
      if (access.write || truncates) return { ret: wasi.ERRNO_ISDIR, fd_obj: null };
      return { ret: wasi.ERRNO_SUCCESS, fd_obj: new OpenWasiFolder(node, this.#space) };
    }
    if ((oflags & wasi.OFLAGS_DIRECTORY) !== 0) return { ret: wasi.ERRNO_NOTDIR, fd_obj: null };
    if (node.readOnly && (access.write || truncates)) {
      return { ret: wasi.ERRNO_ROFS, fd_obj: null };
    }
    if (truncates) node.resize(0);
    return { ret: wasi.ERRNO_SUCCESS, fd_obj: new OpenWasiFile(node, access, flags) };
  }

  override path_create_directory(path: string): number {
    return createFolder(this.folder, path, this.#space);
  }

  override path_unlink_file(path: string): number {
    return removeFile(this.folder, path);
  }

  override path_remove_directory(path: string): number {
    return removeFolder(this.folder, path);
  }

  #nodeToOpen(path: string, oflags: number): WasiNode | number {
    const creates = (oflags & wasi.OFLAGS_CREAT) !== 0;
    if (creates && (oflags & wasi.OFLAGS_DIRECTORY) !== 0) return wasi.ERRNO_INVAL;
    const place = findPlace(this.folder, path);
    if (typeof place === 'number') return place;
    if (place.node === undefined) {
      return creates ? createFile(place, this.#space) : wasi.ERRNO_NOENT;
    }
    return creates && (oflags & wasi.OFLAGS_EXCL) !== 0 ? wasi.ERRNO_EXIST : place.node;
  }
}

function dirent(next: number, name: string, node: WasiNode): ReturnType<Fd['fd_readdir_single']> {
  const filetype =
    node instanceof WasiFolder ? wasi.FILETYPE_DIRECTORY : wasi.FILETYPE_REGULAR_FILE;
  const dirent = new wasi.Dirent(BigInt(next), BigInt(node.inode), name, filetype);
  return { ret: wasi.ERRNO_SUCCESS, dirent };
}
