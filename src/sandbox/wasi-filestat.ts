/** What `stat` tells of a file: the library's record, written where the interface has its times. */

import { wasi } from '@bjorn3/browser_wasi_shim';

import { epochNs } from './wasi-clock.ts';
import { WasiFolder, type WasiNode } from './wasi-files.ts';

export class WasiFilestat extends wasi.Filestat {
  constructor(inode: number, filetype: number, bytes: number) {
    super(BigInt(inode), filetype, BigInt(bytes));
    this.nlink = 1n;
    this.atim = epochNs;
    this.mtim = epochNs;
    this.ctim = epochNs;
  }

  static of(node: WasiNode): WasiFilestat {
    const filestat =
      node instanceof WasiFolder
        ? new WasiFilestat(node.inode, wasi.FILETYPE_DIRECTORY, 0)
        : new WasiFilestat(node.inode, wasi.FILETYPE_REGULAR_FILE, node.size);
    filestat.atim = node.accessedNs;
    filestat.mtim = node.modifiedNs;
    return filestat;
  }

  /** The library (0.4.2) has the times at 38, 46 and 52. */
  override write_bytes(view: DataView, at: number): void {
    const fields = [
      this.dev,
      this.ino,
      BigInt(this.filetype),
      this.nlink,
      this.size,
      this.atim,
      this.mtim,
      this.ctim,
    ];
    for (const [index, field] of fields.entries()) view.setBigUint64(at + 8 * index, field, true);
  }
}
