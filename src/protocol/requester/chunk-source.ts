/**
 * The chunks of a job that believes on evidence, as far as they are not decided: those that wait
 * for votes, and those that nobody has had yet.
 *
 * Strangers weigh little at first and more with each check that they pass, and what they voted
 * before weighs more then, too. So chunks wait with one vote, as long as there are fresh ones, for
 * somebody whose vote decides them: on the average two votes are enough, where five would be needed
 * at once. Only the first few are decided at any price, since there is nothing to check peers with
 * before.
 */

import type { PeerId } from '../../model/ids.ts';
import type { Evidence } from './evidence.ts';
import { FreshChunks } from './fresh-chunks.ts';
import type { JobPast } from './job-past.ts';
import { OpenChunk } from './open-chunk.ts';
import type { Random } from '../random.ts';
import { PIONEERS } from './verified-chunks.ts';
import type { VolunteerNetworks } from './volunteer-networks.ts';
import { WaitingChunks } from './waiting-chunks.ts';

/**
 * Chunks with undecided votes. More would cost less work where everybody is honest, and show liars
 * later; tried from 400 to 10,000 in `bench/verification.ts`.
 */
const OPEN_MAX = 4_096;

export class ChunkSource {
  readonly waiting: WaitingChunks;
  readonly #open = new Map<number, OpenChunk>();
  readonly #fresh: FreshChunks;
  #splitEnded = false;

  constructor(evidence: Evidence, networks: VolunteerNetworks, random: Random) {
    this.waiting = new WaitingChunks(evidence, networks);
    this.#fresh = new FreshChunks(random);
  }

  get chunks(): number {
    return this.#fresh.chunks;
  }

  get splitEnded(): boolean {
    return this.#splitEnded;
  }

  /** Whether there will be no fresh ones any more. */
  get isExhausted(): boolean {
    return this.#splitEnded && this.#fresh.size === 0;
  }

  get disputed(): number {
    return [...this.#open.values()].filter(({ groups }) => groups.length > 1).length;
  }

  /** An estimate: two votes a chunk, on the average. */
  get votesWanted(): number {
    return this.#fresh.size * 2 + this.waiting.size;
  }

  addChunks(count: number): void {
    this.#fresh.add(count);
  }

  /** @param opens that are neither fresh nor decided */
  resume(
    { chunks, splitEnded, accepted }: Pick<JobPast, 'chunks' | 'splitEnded' | 'accepted'>,
    opens: Iterable<OpenChunk>,
  ): void {
    const taken: number[] = [];
    for (const open of opens) {
      this.#open.set(open.chunk, open);
      taken.push(open.chunk);
    }
    for (const { chunk } of accepted) taken.push(chunk);
    this.#fresh.resume(chunks, taken);
    this.#splitEnded = splitEnded;
  }

  endSplit(): void {
    this.#splitEnded = true;
  }

  /** Undefined for one that is decided, or that nobody has had. */
  get(chunk: number): OpenChunk | undefined {
    return this.#open.get(chunk);
  }

  reopen(open: OpenChunk): void {
    this.#open.set(open.chunk, open);
  }

  decided({ chunk }: OpenChunk): void {
    this.#open.delete(chunk);
  }

  /**
   * @param isStranger whether the peer is one: disputes are not for it
   * @param canCheck whether enough chunks are verified
   */
  next(peer: PeerId, isStranger: boolean, canCheck: boolean): OpenChunk | undefined {
    const disputed = isStranger ? undefined : this.waiting.disputed(peer);
    const urgent = disputed ?? this.waiting.decidedBy(peer);
    if (urgent !== undefined) return urgent;
    const isFirst = !canCheck && this.#open.size >= PIONEERS;
    if (isFirst) return this.waiting.first(peer) ?? this.#openFresh();
    return this.#openFresh() ?? this.waiting.first(peer);
  }

  #openFresh(): OpenChunk | undefined {
    const chunk = this.#open.size < OPEN_MAX ? this.#fresh.draw() : undefined;
    if (chunk === undefined) return undefined;
    const open = new OpenChunk(chunk);
    this.#open.set(open.chunk, open);
    return open;
  }
}
