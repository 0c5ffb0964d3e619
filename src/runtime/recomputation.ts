/**
 * Computes one chunk that evidence is about, in this peer's own sandbox: to be sure before somebody
 * is accused, and to find out whether what somebody else says of a third is so. It has less time
 * than the job allows, because nobody is owed this.
 */

import { reasonOf } from '../model/errors.ts';
import type { EvidenceWork } from '../model/evidence.ts';
import type { Digest, JobId, PeerId } from '../model/ids.ts';
import type { ChunkLimits } from '../model/job.ts';
import { programKey } from '../model/program.ts';
import type { ChunkOutcome, Sandbox, Transport } from '../ports.ts';
import { unmet } from '../protocol/given-limits.ts';
import type { ProgramFetch } from './program-fetch.ts';

/** A chunk that takes longer is not computed to check what others say. A guess. */
const WALL_MS_MAX = 60_000;
/** A chunk comes back uncomputed when its job's runs are stopped, or the sandbox's process dies. */
const TRIES_MAX = 3;

/** A chunk, and who has its program and its input. */
export type ChunkAgain = EvidenceWork & {
  readonly job: JobId;
  readonly chunk: number;
  readonly holder: PeerId;
  readonly addresses: readonly string[];
};

/** What came out, or why nothing did. */
export type Recomputed =
  | { readonly type: 'digest'; readonly digest: Digest }
  | { readonly type: 'nothing'; readonly reason: string };

export type RecomputationComponents = {
  /** What this peer gives a chunk. */
  readonly limits: ChunkLimits;
  readonly programs: Pick<ProgramFetch, 'load'>;
  readonly sandbox: Pick<Sandbox, 'run'>;
  readonly transport: Pick<Transport, 'fetchBlob'>;
};

export class Recomputation {
  readonly #components: RecomputationComponents;

  constructor(components: RecomputationComponents) {
    this.#components = components;
  }

  /** Never rejects. */
  async compute(again: ChunkAgain): Promise<Recomputed> {
    const wallMsMax = Math.min(again.limits.wallMsMax, WALL_MS_MAX);
    const chunkLimits = { ...again.limits, wallMsMax };
    const lacking = unmet(chunkLimits, this.#components.limits);
    if (lacking !== undefined) return nothing(`it ${lacking}`);
    try {
      const input = await this.#input(again);
      for (let triesLeft = TRIES_MAX; triesLeft > 0; triesLeft -= 1) {
        const done = await this.#run(again, input, chunkLimits);
        if (typeof done === 'string') return nothing(done);
        const { outcome } = done;
        if (outcome.type === 'result') return { type: 'digest', digest: outcome.digest };
        if (outcome.type === 'failure') return nothing(`it fails: ${outcome.failure.kind}`);
      }
      return nothing('there was no time for it');
    } catch (error) {
      return nothing(`its input could not be had: ${reasonOf(error)}`);
    }
  }

  /** @returns why its program can't be run here, or what came of it */
  async #run(
    { job, chunk, program: ref, holder, addresses }: ChunkAgain,
    input: Uint8Array,
    limits: ChunkLimits,
  ): Promise<ChunkOutcome | string> {
    const { programs, sandbox } = this.#components;
    const program = programKey(ref, limits.memoryBytesMax);
    const requester = holder;
    const type = 'fetch-program';
    const loaded = await programs.load({ type, requester, addresses, program, ref, limits });
    if (loaded.type !== 'program-ready') return loaded.reason;
    const chunks = [{ lease: 0, chunk, input }];
    const [done] = await sandbox.run({ job, program, limits, chunks });
    return done ?? 'the sandbox says nothing of it';
  }

  /** The digest of a blob is checked where it is fetched. */
  async #input({ input, holder, addresses }: ChunkAgain): Promise<Uint8Array> {
    const { transport } = this.#components;
    return input.value ?? transport.fetchBlob(holder, addresses, input.digest, input.bytes);
  }
}

function nothing(reason: string): Recomputed {
  return { type: 'nothing', reason };
}
