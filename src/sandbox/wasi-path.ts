/**
 * Finds what a path of a WASI program names. There is one tree and it has no symbolic links, so
 * that a walk along the names is all there is: it can't lead anywhere else.
 */

import { wasi } from '@bjorn3/browser_wasi_shim';

import { WasiFolder, type WasiNode } from './wasi-files.ts';

/** As in Linux, with the closing zero byte that WASI doesn't have. */
export const pathBytesMax = 4096;
/** As in Linux, there in bytes. */
const nameCharsMax = 255;

/** A name in a folder, whether there is something of that name or not. */
export type WasiPlace = {
  readonly folder: WasiFolder;
  /** Empty for a path that names no more than `base` or ends in "..": then `node` is `folder`. */
  readonly name: string;
  readonly node: WasiNode | undefined;
  /** A slash or a dot at the end: only a folder is meant. */
  readonly asFolder: boolean;
};

/**
 * @param base what the path is relative to; ".." doesn't lead out of it
 * @returns the place, or a WASI error number
 */
export function findPlace(base: WasiFolder, path: string): WasiPlace | number {
  if (path === '') return wasi.ERRNO_NOENT;
  if (path.startsWith('/')) return wasi.ERRNO_NOTCAPABLE;
  if (path.includes('\0')) return wasi.ERRNO_INVAL;
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const asFolder = /\/\.?$/.test(path);
  const walked = [base];
  let folder = base;
  for (const [index, name] of names.entries()) {
    if (name.length > nameCharsMax) return wasi.ERRNO_NAMETOOLONG;
    if (name === '..') {
      walked.pop();
      const above = walked.at(-1);
      if (above === undefined) return wasi.ERRNO_NOTCAPABLE;
      folder = above;
      continue;
    }
    const node = folder.get(name);
    if (index === names.length - 1) {
      if (asFolder && node !== undefined && !(node instanceof WasiFolder)) return wasi.ERRNO_NOTDIR;
      return { folder, name, node, asFolder };
    }
    if (node === undefined) return wasi.ERRNO_NOENT;
    if (!(node instanceof WasiFolder)) return wasi.ERRNO_NOTDIR;
    walked.push(node);
    folder = node;
  }
  return { folder, name: '', node: folder, asFolder: true };
}

/** As `findPlace`, for what must be there. */
export function findNode(base: WasiFolder, path: string): WasiNode | number {
  const place = findPlace(base, path);
  if (typeof place === 'number') return place;
  return place.node ?? wasi.ERRNO_NOENT;
}
