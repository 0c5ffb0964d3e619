/**
 * The data files of a job as a tree, built once for all chunks on a thread, and the root folder
 * that each chunk gets: the same files, and room of its own.
 */

import { createFolder } from './wasi-changes.ts';
import { WasiFile, WasiFolder, WasiSpace } from './wasi-files.ts';

/** Read-only; the path from the root, without a leading slash, "/" between. */
export type WasiDataFile = { readonly path: string; readonly bytes: Uint8Array };

/** Programs and libraries take it for granted, Python's `tempfile` first. */
const scratchFolder = 'tmp';
const rootInode = 1;

export class WasiData {
  readonly #root = new WasiFolder(rootInode, undefined, undefined);
  #nextInode = rootInode + 1;

  /** @throws {Error} for a path that is no path, or that two files have */
  constructor(files: readonly WasiDataFile[]) {
    for (const { path, bytes } of files) {
      const names = path.split('/');
      const name = names.pop() ?? '';
      if ([...names, name].some((name) => name === '' || name === '.' || name === '..')) {
        throw new Error(`the data file "${path}" has no path within the root folder`);
      }
      const folder = this.#folderAt(names, path);
      if (folder.get(name) !== undefined) throw new Error(`there are two data files "${path}"`);
      folder.add(name, WasiFile.data(this.#takeInode(), bytes));
    }
  }

  /**
   * A root folder with all data files, in which a program can make files of its own, and an empty
   * "/tmp", unless the job brings one.
   */
  rootFor(bytesMax: number): { readonly root: WasiFolder; readonly space: WasiSpace } {
    const space = new WasiSpace(bytesMax, this.#nextInode);
    const root = this.#root.copyFor(space);
    if (root.get(scratchFolder) === undefined) createFolder(root, scratchFolder, space);
    return { root, space };
  }

  #folderAt(names: readonly string[], path: string): WasiFolder {
    let folder = this.#root;
    for (const name of names) {
      const known = folder.get(name);
      if (known instanceof WasiFile) {
        throw new Error(`a folder of the data file "${path}" is a data file itself`);
      }
      const next = known ?? new WasiFolder(this.#takeInode(), folder, undefined);
      if (known === undefined) folder.add(name, next);
      folder = next;
    }
    return folder;
  }

  #takeInode(): number {
    this.#nextInode += 1;
    return this.#nextInode - 1;
  }
}
