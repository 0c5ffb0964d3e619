/**
 * Computes a chunk that evidence is about, in this peer's own sandbox: to be sure before somebody
 * is accused, and to find out whether what somebody else says of a third is so. It has less time
 * than the job allows, because nobody is owed this.
 *
 * It is computed alone, then some more times in one batch, and says something only if the same
 * comes out each time. To compute it once was tried: a script that measures how deep the stack is
 * sees whether it is the first of a batch, and so can give an honest volunteer another result than
 * all who check.
 */

import { reasonOf } from '../model/errors.ts';
import type { EvidenceWork } from '../model/evidence.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import { type ProgramKey, programKey } from '../model/program.ts';
import type { Clock, Sandbox, Transport } from '../ports.ts';
import { unmet } from '../protocol/volunteer/given-limits.ts';
import { AccuserBlobs } from './accuser-blobs.ts';
import type { ProgramFetch } from './program-fetch.ts';

/** For all of it, fetching included. What takes longer is not computed for others. A guess. */
const MS_MAX = 60_000;
/** Of the same chunk in one batch: as many as there is time for. Guesses. */
const COPIES_MIN = 2;
const COPIES_MAX = 4;
/** A batch comes back uncomputed when the sandbox's process dies. */
const TRIES_MAX = 3;

/** A chunk, and who has its program and its input. */
export type ChunkAgain = EvidenceWork & {
  readonly job: JobId;
  readonly chunk: number;
  readonly holder: PeerId;
  readonly addresses: readonly string[];
};

export type Recomputed = Result & {
  /** Since all was there. */
  readonly ranMs: number;
  /** Where its holder was reached; absent where that is this peer itself. */
  readonly address?: string;
};

export type RecomputationComponents = {
  readonly self: PeerId;
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly programs: Pick<ProgramFetch, 'load'>;
  readonly sandbox: Pick<Sandbox, 'load' | 'run'>;
  readonly transport: Pick<Transport, 'fetchBlob'>;
};

export class Recomputation {
  readonly #components: RecomputationComponents;

  constructor(components: RecomputationComponents) {
    this.#components = components;
  }

  /** One at a time. Never rejects. */
  async compute(again: ChunkAgain): Promise<Recomputed> {
    const lacking = unmet(limitsOf(again), this.#components.limits);
    if (lacking !== undefined) return { ...nothing(`it ${lacking}`), ranMs: 0 };
    const run = new Run(again, this.#components);
    const result = await run.result();
    const { ranMs, address } = run;
    return { ...result, ranMs, ...(address === undefined ? {} : { address }) };
  }
}

type Nothing = { readonly type: 'nothing'; readonly reason: string };
/** What came out, or why nothing did. */
export type Result = Nothing | { readonly type: 'digest'; readonly digest: Digest };
type Ready = { readonly type: 'ready'; readonly key: ProgramKey };

const NO_TIME = 'there was no time for it';

/** One time that a chunk is computed again. */
class Run {
  readonly #again: ChunkAgain;
  readonly #components: RecomputationComponents;
  readonly #late = AbortSignal.timeout(MS_MAX);
  readonly #blobs: AccuserBlobs;
  readonly #beganMs: number;
  #fetchedMs: number | undefined;

  constructor(again: ChunkAgain, components: RecomputationComponents) {
    this.#again = again;
    this.#components = components;
    const { holder: accuser, addresses } = again;
    this.#blobs = new AccuserBlobs({ accuser, addresses, late: this.#late }, components.transport);
    this.#beganMs = components.clock.nowMs();
  }

  get address(): string | undefined {
    return this.#blobs.address;
  }

  get ranMs(): number {
    return this.#fetchedMs === undefined ? 0 : this.#components.clock.nowMs() - this.#fetchedMs;
  }

  async result(): Promise<Result> {
    const { promise: late, resolve } = Promise.withResolvers<Result>();
    const giveUp = (): void => resolve(nothing(NO_TIME));
    this.#late.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([this.#result(), late]);
    } catch (error) {
      return nothing(`it could not be had: ${reasonOf(error)}`);
    } finally {
      this.#late.removeEventListener('abort', giveUp);
    }
  }

  async #result(): Promise<Result> {
    const input = await this.#input();
    const program = await this.#program();
    if (program.type === 'nothing') return program;
    const startedMs = this.#components.clock.nowMs();
    const alone = await this.#digests(program.key, input, 1);
    if (typeof alone === 'string') return nothing(alone);
    const nowMs = this.#components.clock.nowMs();
    const leftMs = this.#beganMs + MS_MAX - nowMs;
    const fitting = Math.floor(leftMs / Math.max(nowMs - startedMs, 1));
    const copies = Math.min(Math.max(fitting, COPIES_MIN), COPIES_MAX);
    const together = await this.#digests(program.key, input, copies);
    if (typeof together === 'string') return nothing(together);
    const [digest, ...others] = new Set([...alone, ...together]);
    if (digest === undefined || others.length > 0) return nothing('it is not the same each time');
    return { type: 'digest', digest };
  }

  /** @returns what came of each copy, or why nothing did of one */
  async #digests(
    program: ProgramKey,
    input: Uint8Array,
    copies: number,
  ): Promise<readonly Digest[] | string> {
    const { job, chunk } = this.#again;
    const chunks = Array.from({ length: copies }, (_, lease) => ({ lease, chunk, input }));
    const batch = { job, program, limits: limitsOf(this.#again), chunks };
    for (let triesLeft = TRIES_MAX; triesLeft > 0 && !this.#late.aborted; triesLeft -= 1) {
      const digests: Digest[] = [];
      for (const { outcome } of await this.#components.sandbox.run(batch, this.#late)) {
        if (outcome.type === 'failure') return `it fails: ${outcome.failure.kind}`;
        if (outcome.type === 'result') digests.push(outcome.digest);
      }
      if (digests.length === copies) return digests;
    }
    return NO_TIME;
  }

  /** @returns under which name the sandbox has it, or why it can't be run here */
  async #program(): Promise<Ready | Nothing> {
    const { program: ref, limits, holder, addresses } = this.#again;
    const { self, programs, sandbox, clock } = this.#components;
    const program = programKey(ref, limits.memoryBytesMax);
    if (holder === self) {
      const type = 'fetch-program';
      const request = { type, requester: self, addresses, program, ref, limits } as const;
      const loaded = await programs.load(request);
      this.#fetchedMs = clock.nowMs();
      return loaded.type === 'program-ready' ? ready(program) : nothing(loaded.reason);
    }
    const key: ProgramKey = `${program}:evidence`;
    const loadable = await this.#blobs.program(ref, limits.memoryBytesMax, key);
    this.#fetchedMs = clock.nowMs();
    const failure = await sandbox.load(loadable, limitsOf(this.#again));
    return failure === undefined
      ? ready(key)
      : nothing(`its program can't be run: ${failure.kind}`);
  }

  /** The digest of a blob is checked where it is fetched. */
  async #input(): Promise<Uint8Array> {
    const { input } = this.#again;
    return input.value ?? this.#blobs.fetch(input);
  }
}

function limitsOf({ limits }: EvidenceWork): ChunkLimits {
  return { ...limits, wallMsMax: Math.min(limits.wallMsMax, MS_MAX) };
}

function nothing(reason: string): Nothing {
  return { type: 'nothing', reason };
}

function ready(key: ProgramKey): Ready {
  return { type: 'ready', key };
}
