/**
 * The bound that a peer's owner sets on all that it keeps. Whoever is about to write asks for room;
 * when there is none, the parts of the data folder give up what they can, the one whose things are
 * missed the least first: others' programs, which can be fetched again; room inside of the database
 * that nothing uses; results for others, which are in memory as well; large results on their way,
 * which their volunteers have and bring again; then what is kept of own jobs that have ended, the
 * oldest first. What is left after that is in use, so the write is refused as on a full disk.
 *
 * Sizes are counted, not looked up: walking through the folder at each write would cost more than
 * the write. Files count as the blocks that they take.
 */

import { bytesText } from '../model/amounts.ts';
import { GridError } from '../model/errors.ts';

/** Of nearly all file systems. */
export const blockBytes = 4096;

export type DiskPart = {
  readonly bytes: () => number;
  /**
   * Gives up something, at once; some more than was asked for does no harm.
   * @returns false where there is nothing that it could give up
   */
  readonly shed: (bytes: number) => boolean;
};

/** In the order in which they give something up. */
const order = ['cache', 'database', 'unsent', 'incoming', 'blobs'] as const;

type PartName = (typeof order)[number];

export class DiskLimit {
  readonly #path: string;
  /** Infinite where the owner has set none. */
  readonly bytesMax: number;
  readonly #parts = new Map<PartName, DiskPart>();

  /** @param path the data folder */
  constructor(path: string, bytesMax = Infinity) {
    this.#path = path;
    this.bytesMax = bytesMax;
  }

  add(name: PartName, part: DiskPart): void {
    this.#parts.set(name, part);
  }

  get bytes(): number {
    return this.#parts.values().reduce((sum, part) => sum + part.bytes(), 0);
  }

  /** What can be written before anything has to be given up; negative above the limit. */
  get spareBytes(): number {
    return this.bytesMax - this.bytes;
  }

  /**
   * To be called before something is written.
   * @param needed bytes; asked for again whenever a part has given something up
   * @param last the last part that may give something up: none is to, for what is missed less
   * @throws {GridError} `disk-full`
   */
  makeRoom(needed: () => number, last: PartName = 'blobs'): void {
    if (this.bytesMax === Infinity) return;
    const names = order.slice(0, order.indexOf(last) + 1);
    for (let bytes = needed(); bytes > this.spareBytes; bytes = needed()) {
      const over = bytes - this.spareBytes;
      if (!names.some((name) => this.#parts.get(name)?.shed(over))) throw this.#full();
    }
  }

  #full(): GridError {
    return new GridError(
      'disk-full',
      `The data folder ${this.#path} holds ${bytesText(this.bytes)} of the ` +
        `${bytesText(this.bytesMax)} that --disk-limit allows, and all of it is in use. Cancel ` +
        'or wait for jobs that run, or start the peer again with a higher --disk-limit.',
    );
  }
}

/** What a file of as many bytes takes on the disk. */
export function bytesOnDisk(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}
