/**
 * Asks a job's own script about results: `equals(a, b)` or `verify(chunk, result)`. Only the
 * requester does, in its sandbox and under the job's limits, since what strangers returned goes in.
 *
 * An answer is yes or no. A call that throws, takes too long or returns something else is neither:
 * it says nothing of the result, and may be the script's fault or that of whoever made the value.
 */

import { GridError } from '../model/errors.ts';
import { jobId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import { limits } from '../model/limits.ts';
import type { Failure, LeasedChunk, Outcome } from '../model/replica.ts';
import type { LoadableProgram, Sandbox } from '../ports.ts';
import { encodeCanonical } from '../wire/canonical-cbor.ts';

export type Answer = 'yes' | 'no' | Failure;

/** Two values in canonical CBOR. */
export type Pair = readonly [Uint8Array, Uint8Array];

export type ScriptCallsOptions = {
  /** Loaded once already. */
  readonly script: LoadableProgram;
  readonly limits: ChunkLimits;
};

/**
 * Calls come back unanswered when the owner pauses, when the sandbox's process dies, or when this
 * machine has no time for them: again, then, and not for ever. A guess.
 */
const TRIES_MAX = 8;

/** Whatever the job allows its chunks: a comparison that takes longer is none. A guess. */
const CALL_MS_MAX = 10_000;

/** A script has no use for it. */
const NO_JOB = jobId('0'.repeat(64));

/** CBOR of the two answers. */
const NO = 0xf4;
const YES = 0xf5;

export class ScriptCalls {
  readonly #options: ScriptCallsOptions;
  readonly #limits: ChunkLimits;
  readonly #sandbox: Sandbox;
  readonly #closing = new AbortController();

  constructor(options: ScriptCallsOptions, { sandbox }: { readonly sandbox: Sandbox }) {
    this.#options = options;
    const wallMsMax = Math.min(options.limits.wallMsMax, CALL_MS_MAX);
    this.#limits = { ...options.limits, wallMsMax };
    this.#sandbox = sandbox;
  }

  /** Ends what runs; nothing is asked any more. */
  close(): void {
    this.#closing.abort();
  }

  /**
   * @returns an answer for each pair, in their order
   * @throws {GridError} `job-failed` when there is no getting one
   */
  async ask(name: 'equals' | 'verify', pairs: readonly Pair[]): Promise<readonly Answer[]> {
    const answers: (Answer | undefined)[] = pairs.map(() => undefined);
    let open = pairs.map((pair, index) => chunkOf(pair, index));
    const { signal } = this.#closing;
    for (let triesLeft = TRIES_MAX; open.length > 0; triesLeft -= 1) {
      if (triesLeft === 0 || signal.aborted) throw unanswered(name);
      const { script, limits: loadLimits } = this.#options;
      // Known at the submit; but others' programs that came since may have taken its place.
      await this.#sandbox.load(script, loadLimits);
      const program = script.key;
      const batch = { job: NO_JOB, program, call: name, limits: this.#limits, chunks: open };
      for (const [place, { outcome }] of (await this.#sandbox.run(batch, signal)).entries()) {
        const index = open[place]?.chunk ?? Number.NaN;
        if (outcome.type !== 'returned') answers[index] = answerOf(name, outcome);
      }
      open = open.filter(({ chunk }) => answers[chunk] === undefined);
    }
    return answers.map((answer) => answer ?? 'no');
  }
}

/** Numbered by its place. */
function chunkOf([first, second]: Pair, index: number): LeasedChunk {
  return { lease: index, chunk: index, input: encodeCanonical([first, second]) };
}

function answerOf(name: string, outcome: Exclude<Outcome, { type: 'returned' }>): Answer {
  if (outcome.type === 'failure' && outcome.failure.kind !== 'result-too-large') {
    const { kind, detail } = outcome.failure;
    return { kind, detail: `${name}: ${detail}`.slice(0, limits.reasonCharsMax) };
  }
  const [first] = outcome.type === 'result' ? outcome.value : [];
  if (first === YES) return 'yes';
  if (first === NO) return 'no';
  return { kind: 'threw', detail: `${name} returned something else than true or false` };
}

function unanswered(name: string): GridError {
  return new GridError(
    'job-failed',
    `The job's ${name} could not be asked about a result: its calls came back unanswered ` +
      `${TRIES_MAX} times. The log says what became of the sandbox.`,
  );
}
