/**
 * What a WASI program may change in its tree of files, and what not: data files of the job, the
 * folders that they are in, the root itself. All answer with WASI error numbers.
 */

import { wasi } from '@bjorn3/browser_wasi_shim';

import { epochNs } from './wasi-clock.ts';
import { WasiFile, WasiFolder, type WasiNode, type WasiSpace } from './wasi-files.ts';
import { findPlace, type WasiPlace } from './wasi-path.ts';

/** @param place where there is nothing yet */
export function createFile(place: WasiPlace, space: WasiSpace): WasiFile | number {
  if (place.asFolder) return wasi.ERRNO_ISDIR;
  const trouble = closedTo(place.folder);
  if (trouble !== undefined) return trouble;
  const inode = space.takeNode();
  if (inode === undefined) return wasi.ERRNO_NOSPC;
  const file = WasiFile.empty(inode, space);
  place.folder.add(place.name, file);
  return file;
}

export function createFolder(base: WasiFolder, path: string, space: WasiSpace): number {
  const place = findPlace(base, path);
  if (typeof place === 'number') return place;
  const { folder, name, node } = place;
  if (node !== undefined) return wasi.ERRNO_EXIST;
  const trouble = closedTo(folder);
  if (trouble !== undefined) return trouble;
  const inode = space.takeNode();
  if (inode === undefined) return wasi.ERRNO_NOSPC;
  folder.add(name, new WasiFolder(inode, folder, space));
  return wasi.ERRNO_SUCCESS;
}

export function removeFile(base: WasiFolder, path: string): number {
  const place = findPlace(base, path);
  if (typeof place === 'number') return place;
  const { folder, name, node } = place;
  if (node === undefined) return wasi.ERRNO_NOENT;
  if (node instanceof WasiFolder) return wasi.ERRNO_ISDIR;
  if (node.readOnly) return wasi.ERRNO_ROFS;
  folder.delete(name);
  node.unlinked();
  return wasi.ERRNO_SUCCESS;
}

export function removeFolder(base: WasiFolder, path: string): number {
  const place = findPlace(base, path);
  if (typeof place === 'number') return place;
  const { folder, name, node } = place;
  if (node === undefined) return wasi.ERRNO_NOENT;
  if (!(node instanceof WasiFolder)) return wasi.ERRNO_NOTDIR;
  // "." and ".." name a folder, but not where it is.
  if (name === '') return wasi.ERRNO_INVAL;
  if (node.readOnly) return wasi.ERRNO_ROFS;
  if (node.size > 0) return wasi.ERRNO_NOTEMPTY;
  folder.delete(name);
  node.unlinked();
  return wasi.ERRNO_SUCCESS;
}

/** Replaces a file by a file, and an empty folder by a folder. */
export function rename(
  fromBase: WasiFolder,
  fromPath: string,
  toBase: WasiFolder,
  toPath: string,
): number {
  const from = findPlace(fromBase, fromPath);
  if (typeof from === 'number') return from;
  const to = findPlace(toBase, toPath);
  if (typeof to === 'number') return to;
  if (from.node === undefined) return wasi.ERRNO_NOENT;
  if (from.name === '' || to.name === '') return wasi.ERRNO_INVAL;
  if (from.node === to.node) return wasi.ERRNO_SUCCESS;
  const trouble = cantMove(from.node, to);
  if (trouble !== undefined) return trouble;
  from.folder.delete(from.name);
  if (to.node !== undefined) {
    to.folder.delete(to.name);
    to.node.unlinked();
  }
  to.folder.add(to.name, from.node);
  if (from.node instanceof WasiFolder) from.node.parent = to.folder;
  return wasi.ERRNO_SUCCESS;
}

/** "Now" is when all files were made: looking at a file's times must not move the clock. */
export function setTimes(node: WasiNode, atimNs: bigint, mtimNs: bigint, flags: number): number {
  if (node.readOnly) return wasi.ERRNO_ROFS;
  if ((flags & wasi.FSTFLAGS_ATIM) !== 0) node.accessedNs = atimNs;
  if ((flags & wasi.FSTFLAGS_ATIM_NOW) !== 0) node.accessedNs = epochNs;
  if ((flags & wasi.FSTFLAGS_MTIM) !== 0) node.modifiedNs = mtimNs;
  if ((flags & wasi.FSTFLAGS_MTIM_NOW) !== 0) node.modifiedNs = epochNs;
  return wasi.ERRNO_SUCCESS;
}

function cantMove(node: WasiNode, to: WasiPlace): number | undefined {
  const replaced = to.node;
  if (node.readOnly || replaced?.readOnly === true) return wasi.ERRNO_ROFS;
  const trouble = closedTo(to.folder);
  if (trouble !== undefined) return trouble;
  if (!(node instanceof WasiFolder)) {
    if (replaced instanceof WasiFolder) return wasi.ERRNO_ISDIR;
    return to.asFolder ? wasi.ERRNO_NOTDIR : undefined;
  }
  if (to.folder.isWithin(node)) return wasi.ERRNO_INVAL;
  if (replaced instanceof WasiFile) return wasi.ERRNO_NOTDIR;
  return replaced !== undefined && replaced.size > 0 ? wasi.ERRNO_NOTEMPTY : undefined;
}

/** Why nothing can be made in a folder. */
function closedTo(folder: WasiFolder): number | undefined {
  if (folder.readOnly) return wasi.ERRNO_ROFS;
  return folder.removed ? wasi.ERRNO_NOENT : undefined;
}
