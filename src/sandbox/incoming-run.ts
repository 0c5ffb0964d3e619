/** A batch of chunks on its way into the sandbox's process, and its outcomes on their way back. */

import { unreachable } from '../model/errors.ts';
import type { LeasedChunk } from '../model/replica.ts';
import type { ChunkBatch, ChunkOutcome } from '../ports.ts';
import { unpack } from '../wire/packed.ts';
import { endsOf, frameSpans } from './channel.ts';
import { type OutcomeKind, outcomeKinds, type ToProcess } from './process-messages.ts';

type RunHead = Omit<Extract<ToProcess, { type: 'run' }>, 'type' | 'id'>;

export class IncomingRun {
  readonly #head: Omit<ChunkBatch, 'chunks'>;
  readonly #count: number;
  readonly #chunks: LeasedChunk[] = [];

  constructor({ job, program, call, limits, count }: RunHead) {
    this.#head = { job, program, limits, ...(call === undefined ? {} : { call }) };
    this.#count = count;
  }

  add(
    { chunks, ends }: { readonly chunks: readonly number[]; readonly ends: readonly number[] },
    body: Uint8Array,
  ): void {
    const inputs = unpack({ bytes: body, ends: Uint32Array.from(ends) });
    for (const [index, input] of inputs.entries()) {
      // Leases are between peers; here the chunk's number names it.
      const chunk = chunks[index] ?? 0;
      this.#chunks.push({ lease: chunk, chunk, input });
    }
  }

  /** Undefined until all chunks are there. */
  get batch(): ChunkBatch | undefined {
    return this.#chunks.length < this.#count ? undefined : { ...this.#head, chunks: this.#chunks };
  }
}

/** As many frames as it takes. */
export function* outcomeFrames(outcomes: readonly ChunkOutcome[]): Generator<{
  readonly message: {
    readonly kinds: readonly number[];
    readonly computeMs: readonly number[];
    readonly ends: readonly number[];
  };
  readonly body: readonly Uint8Array[];
}> {
  const items = outcomes.map(itemOf);
  for (const [from, to] of frameSpans(items.map(({ byteLength }) => byteLength))) {
    const some = outcomes.slice(from, to);
    const body = items.slice(from, to);
    const kinds = some.map((outcome) => outcomeKinds.indexOf(kindOf(outcome)));
    const computeMs = some.map((outcome) => outcome.computeMs);
    yield { message: { kinds, computeMs, ends: endsOf(body) }, body };
  }
}

function kindOf({ outcome }: ChunkOutcome): OutcomeKind {
  return outcome.type === 'failure' ? outcome.failure.kind : outcome.type;
}

function itemOf({ outcome }: ChunkOutcome): Uint8Array {
  switch (outcome.type) {
    case 'result':
      return outcome.value;
    case 'failure':
      return new TextEncoder().encode(outcome.failure.detail);
    case 'returned':
      return new Uint8Array(0);
    default:
      return unreachable(outcome);
  }
}
