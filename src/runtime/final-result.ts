/**
 * The final result of a job on its way to its owner: whole, or the parts that the chunks wrote,
 * each with the name of a file for it.
 */

import { parse } from 'node:path';

import { GridError } from '../model/errors.ts';
import type { Digest } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import type { JobSteps } from '../model/job.ts';
import type { Store, StoredJob, StoredOutput } from '../ports.ts';
import { partEnds } from './joined-results.ts';

export type ResultPiece = {
  readonly piece: Buffer;
  /** Of the whole result, in its first piece. */
  readonly kind?: StoredOutput['kind'];
  /** The file name of a part, in the part's first piece. */
  readonly part?: string;
};

type Blobs = Pick<Store, 'getBlob' | 'readBlob'>;

/**
 * At least one piece, so that an empty result has a kind.
 * @throws {GridError} `job-failed` or `job-cancelled` when there is no result, `store-failed`
 */
export async function* wholeResult(store: Blobs, job: StoredJob): AsyncGenerator<ResultPiece> {
  const { blob, kind } = outputOf(job);
  let isFirst = true;
  for await (const piece of store.readBlob(blob)) {
    yield isFirst ? { piece: buffer(piece), kind } : { piece: buffer(piece) };
    isFirst = false;
  }
  if (isFirst) yield { piece: Buffer.alloc(0), kind };
}

/**
 * At least one piece for each part.
 * @throws {GridError} as above, and `usage` for a result that has no parts
 */
export async function* resultInParts(store: Blobs, job: StoredJob): AsyncGenerator<ResultPiece> {
  const { blob, kind, parts } = outputOf(job);
  if (parts === undefined) throw withoutParts(job.spec.steps);
  const ends = partEnds(await blobOf(store, parts));
  const names = partNames(job.spec.steps, ends.length);
  const pieces = store.readBlob(blob)[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  let first: { kind?: StoredOutput['kind'] } = { kind };
  try {
    for (const end of ends) {
      let begin: Pick<ResultPiece, 'part'> = { part: names.next().value };
      do {
        if (rest.length === 0 && position < end) {
          const next = await pieces.next();
          if (next.done === true) throw new Error(`the result has no byte ${position}`);
          rest = buffer(next.value);
        }
        const piece = rest.subarray(0, end - position);
        rest = rest.subarray(piece.length);
        position += piece.length;
        yield { piece, ...first, ...begin };
        first = {};
        begin = {};
      } while (position < end);
    }
  } finally {
    await pieces.return?.();
  }
}

function outputOf({ state, output, failure, job, isTrimmed }: StoredJob): StoredOutput {
  if (output !== undefined) return output;
  if (state === 'done' && isTrimmed === true) {
    throw new GridError(
      'job-failed',
      'The result of this job was removed, because the data folder had come to its --disk-limit. ' +
        'Submit the job again, and take results out sooner or allow more.',
    );
  }
  throw new GridError(
    state === 'cancelled' ? 'job-cancelled' : 'job-failed',
    state === 'running' || state === 'merging'
      ? `The job is not done yet. \`manyhands watch ${job.slice(0, 8)}\` waits for it.`
      : `The job has no result: it is ${state}. ${failure ?? ''}`.trim(),
  );
}

function withoutParts({ type }: JobSteps): GridError {
  return new GridError(
    'usage',
    type === 'script'
      ? "The job's result has no parts: its merge made one of all the chunks' results. Take the " +
          'whole result.'
      : `The job has more than ${limits.partsMax} chunks, and where the result of each ends is ` +
          'only kept of fewer. Take the whole result.',
  );
}

async function blobOf(store: Blobs, blob: Digest): Promise<Uint8Array> {
  const bytes = await store.getBlob(blob);
  if (bytes !== undefined) return bytes;
  throw new GridError('store-failed', 'The result is gone from the disk. Submit the job again.');
}

/** Shorter ones are filled up with zeros, so that files sort as their chunks do. */
const NUMBER_DIGITS_MIN = 4;

/** A file name for each part, all different. */
function* partNames(steps: JobSteps, count: number): Generator<string, string> {
  if (steps.type === 'pieces' && steps.pieces.type === 'files') {
    const { names } = steps.pieces;
    const taken: TakenNames = new Map();
    for (const name of names) yield unlike(taken, name);
  }
  const digits = Math.max(NUMBER_DIGITS_MIN, String(count - 1).length);
  for (let chunk = 0; ; chunk++) yield String(chunk).padStart(digits, '0');
}

/**
 * Lower-case names, since some file systems take A for a, and the number that was last put behind
 * each.
 */
type TakenNames = Map<string, number>;

/** "report.txt", "report-2.txt", "report-3.txt". */
function unlike(taken: TakenNames, fileName: string): string {
  const { name, ext } = parse(fileName);
  const asked = fileName.toLowerCase();
  for (let number = (taken.get(asked) ?? 0) + 1; ; number++) {
    const mark = `-${number}${ext}`;
    const room = limits.pathCharsMax - mark.length;
    const candidate = number === 1 ? fileName : `${name.slice(0, room)}${mark}`;
    taken.set(asked, number);
    if (number > 1 && taken.has(candidate.toLowerCase())) continue;
    taken.set(candidate.toLowerCase(), taken.get(candidate.toLowerCase()) ?? 1);
    return candidate;
  }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
