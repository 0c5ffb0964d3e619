/**
 * How long a blob may take on its way. Both sides hold all of it in memory meanwhile, so whoever
 * drips must end; but a slow link is no crime, so the time grows with the size.
 */

/**
 * The least rate: 256 kbit/s, a poor mobile link; a guess. CPython's 26 MB take 14 minutes at that,
 * the largest module 35.
 */
const bytesPerMsMin = 32;
/** For the connection, the disk of who serves it, and a link that stands still for a while. */
const startMsMax = 60_000;

/** Time for the next piece: 256 KiB at 140 kbit/s. */
export const pieceMsMax = 15_000;

/** @param bytes that are still to come */
export function blobMsMax(bytes: number): number {
  return startMsMax + Math.ceil(bytes / bytesPerMsMin);
}
