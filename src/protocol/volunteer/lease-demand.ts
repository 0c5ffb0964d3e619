/** How much work a volunteer keeps at hand, and how much of it goes to the sandbox at a time. */

import { limits } from '../../model/limits.ts';

/** Work at hand per slot: covers the round trip and the requester's pauses; a guess. */
const BUFFER_MS = 100;
/** Chunks of a run: one frame of results. */
const RUN_CHUNKS_MAX = 256;
/** Two full runs a slot: the one that is computed and the next. More cost both sides memory, and
 *  the requester its speed: its leases then outlive V8's young generation (measured). */
const SLOT_LEASES_MAX = 2 * RUN_CHUNKS_MAX;
/** Inputs at hand of one job: some frames of leases. The requester queues them for many. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
/** A run in the sandbox: long enough that handing it over is below a hundredth of it (measured:
 *  some 0.1 ms), short enough that progress and stopping stay lively. */
const RUN_MS = 25;
/**
 * Results of a run, by what they had so far: one of the largest. They are in memory several times
 * while they come out of the sandbox, and what they grow to is the requester's doing.
 */
const RUN_RESULT_BYTES_MAX = 16 * 1024 * 1024;
/** What a chunk is taken to cost before one was computed. */
const CHUNK_MS_UNKNOWN = 50;

/**
 * Leases to hold of a job, queued and running.
 *
 * @param chunkMs mean time of a chunk on one slot; undefined before the first
 * @param inputBytes mean size of a chunk's input; undefined before the first
 */
export function leasesWanted(
  slots: number,
  chunkMs: number | undefined,
  inputBytes: number | undefined,
): number {
  const inTime = Math.ceil(BUFFER_MS / Math.max(chunkMs ?? CHUNK_MS_UNKNOWN, 0.001));
  const perSlot = Math.min(inTime, SLOT_LEASES_MAX);
  const inMemory = Math.floor(HELD_BYTES_MAX / Math.max(inputBytes ?? 0, 1));
  const wanted = Math.max(Math.min(slots * (1 + perSlot), inMemory), slots);
  return Math.min(wanted, limits.leasesHeldMax);
}

/**
 * Inputs to hold of a job, whatever comes: twice what is asked for, since that is an estimate, and
 * never less than an input of the largest size for each slot.
 */
export function heldBytesMax(slots: number): number {
  return 2 * Math.max(HELD_BYTES_MAX, slots * limits.chunkInputBytesMax);
}

/**
 * Chunks to run together on one slot. One at a time until it is known how long one takes.
 *
 * @param resultBytes mean size of a chunk's result; undefined before the first
 */
export function runSize(chunkMs: number | undefined, resultBytes: number | undefined): number {
  if (chunkMs === undefined) return 1;
  const inTime = Math.floor(RUN_MS / Math.max(chunkMs, 0.001));
  const inMemory = Math.floor(RUN_RESULT_BYTES_MAX / Math.max(resultBytes ?? 0, 1));
  return Math.max(Math.min(inTime, inMemory, RUN_CHUNKS_MAX), 1);
}

/**
 * What the results of all runs at a time can come to: the sandbox ends a run at twice what is
 * expected, and the last of its results may be one of the largest.
 */
export function runsBytesMax(slots: number): number {
  return 2 * slots * (2 * RUN_RESULT_BYTES_MAX + limits.resultBytesMax);
}

/**
 * Runs in the sandbox at a time: one more a slot than it can compute when they are short, so that
 * no slot waits for the next one to arrive.
 */
export function runsWanted(slots: number, chunkMs: number | undefined): number {
  return (chunkMs ?? Infinity) <= 2 * RUN_MS ? 2 * slots : slots;
}
