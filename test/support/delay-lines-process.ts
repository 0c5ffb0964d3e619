/**
 * Passes frames on between pairs of taps: what comes from the first of a pair is late and now and
 * then lost, what comes from the second is not. Called with the delay in milliseconds, the loss in
 * percent, and the taps' files; says on stdout that it has begun.
 */

import { type FileHandle, open } from 'node:fs/promises';

/** The kernel hands over up to 64 KiB that are cut into frames later, and a head. */
const FRAME_BYTES_MAX = 2 ** 17;

const [delay, loss, ...paths] = process.argv.slice(2);
const delayMs = Number(delay);
const lossRate = Number(loss) / 100;

for (let first = 0; first < paths.length; first += 2) {
  const [hostTap, switchTap] = await Promise.all(
    paths.slice(first, first + 2).map((path) => open(path, 'r+')),
  );
  if (hostTap === undefined || switchTap === undefined) throw new Error('taps come in pairs');
  void forEachFrame(hostTap, (frame) => {
    if (Math.random() >= lossRate) setTimeout(() => pass(switchTap, frame), delayMs);
  });
  void forEachFrame(switchTap, (frame) => pass(hostTap, frame));
}
process.stdout.write('begun\n');

async function forEachFrame(tap: FileHandle, take: (frame: Buffer) => void): Promise<void> {
  for (;;) {
    // One frame at a read, whatever its size.
    const { bytesRead, buffer } = await tap.read(Buffer.allocUnsafe(FRAME_BYTES_MAX));
    take(Buffer.from(buffer.subarray(0, bytesRead)));
  }
}

/** What can't be written is lost, as on any link. */
function pass(tap: FileHandle, frame: Buffer): void {
  tap.write(frame).catch(() => undefined);
}
