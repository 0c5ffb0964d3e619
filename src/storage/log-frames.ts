/**
 * The frames of SQLite's log, written once more where they are. A system that could not write
 * pages of a file says so once, and holds them for written from then on: the next sync has nothing
 * to do, and succeeds. So what a sync that failed was to bring to the disk has to be written again
 * before the next one means anything.
 *
 *   header | frame | frame | frame | frame of an older round ...
 *            salts and checksum over all before: the chain ends where one does not fit
 *
 * It is read from the file, which the system has in memory. Some file systems take the old bytes
 * from the disk again after a failure (btrfs; Rebello et al., "Can Applications Recover from fsync
 * Failures?", USENIX ATC 2020, table 1), so each frame is held against its checksum first. A copy
 * of all that was not synced would do without that, and cost every commit the memory for it.
 *
 * The format is in sqlite.org/fileformat2.html, section 4.
 */

import { readSync, writeSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Of the header, before its own checksum. */
const CHECKED_HEADER_BYTES = 24;
/** Of a frame's header: the number of its page, and what is left of the file after it. */
const CHECKED_FRAME_BYTES = 8;
/** With this the checksums are over words with the low byte first; with one more, the high one. */
const MAGIC_LOW_FIRST = 0x377f0682;
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65_536;

type Sum = readonly [number, number];

/**
 * To be called while nobody else writes the log. Reads and writes what the system has in memory, so
 * it takes some 5 us for each frame.
 * @param file of the log, open to be read and written
 * @param frames that were committed: what was rolled back behind them may fit the chain as well
 * @returns whether they are whole; of others those before the first that is not were written
 */
export function rewriteFrames(file: number, frames: number): boolean {
  const header = Buffer.alloc(HEADER_BYTES);
  if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return false;
  const magic = header.readUInt32BE(0);
  const pageBytes = header.readUInt32BE(8);
  const isLowFirst = magic === MAGIC_LOW_FIRST;
  if (!isLowFirst && magic !== MAGIC_LOW_FIRST + 1) return false;
  if (pageBytes < PAGE_BYTES_MIN || pageBytes > PAGE_BYTES_MAX) return false;
  let sum = summed([0, 0], header, 0, CHECKED_HEADER_BYTES, isLowFirst);
  if (!isAt(sum, header, CHECKED_HEADER_BYTES)) return false;
  write(file, header, 0);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes);
  for (let index = 0; index < frames; index++) {
    const at = HEADER_BYTES + index * frame.length;
    if (readSync(file, frame, 0, frame.length, at) < frame.length) return false;
    if (frame.compare(header, 16, 24, 8, 16) !== 0) return false;
    sum = summed(sum, frame, 0, CHECKED_FRAME_BYTES, isLowFirst);
    sum = summed(sum, frame, FRAME_HEADER_BYTES, frame.length, isLowFirst);
    if (!isAt(sum, frame, 16)) return false;
    write(file, frame, at);
  }
  return true;
}

/** A disk that is full may take a part; what is wrong with it says the next attempt. */
function write(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
  }
}

/** Goes on from the checksum of what came before. */
function summed(before: Sum, bytes: Buffer, start: number, end: number, isLowFirst: boolean): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [one, other] = before;
  for (let at = start; at < end; at += 8) {
    one = (one + view.getUint32(at, isLowFirst) + other) >>> 0;
    other = (other + view.getUint32(at + 4, isLowFirst) + one) >>> 0;
  }
  return [one, other];
}

function isAt([one, other]: Sum, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === one && bytes.readUInt32BE(at + 4) === other;
}
