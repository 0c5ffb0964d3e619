/**
 * Many peers compute one job at one requester, some of them wrong results, all of those together:
 * what is accepted, and what it costs. No network and no time: in each round every peer, in random
 * order, gives back what it holds and takes one lease more. The table is the real one, so is all
 * that it decides by.
 *
 * Modelled: peers that answer as their conduct says (`verification-crowd.ts`); that know of each
 * other what they lie about, and of nothing else; that stay out once caught, or come back at once
 * under a new name. Not modelled: peers of different speed, connections that break.
 */

import type { Digest, PeerId } from '../../src/model/ids.ts';
import type { Outcome } from '../../src/model/replica.ts';
import type { JobTable, Settlement } from '../../src/protocol/requester/job-table.ts';
import { type Random, sample } from '../../src/protocol/random.ts';
import { digestNumbered } from './protocol-fixtures.ts';
import type { Answer, Crowd, Member } from './verification-crowd.ts';

export type VerificationOptions = {
  readonly table: Pick<JobTable, 'addChunks' | 'endSplit' | 'lease' | 'result' | 'expire'>;
  readonly random: Random;
  readonly crowd: Crowd;
  readonly chunks: number;
  /** Whether the caught come back under new names. */
  readonly renamed: boolean;
  readonly isCaught: (peer: PeerId) => boolean;
};

export type VerificationFigures = {
  /** Share of the chunks whose accepted result is wrong. */
  readonly wrong: number;
  /** Results computed for each chunk, spot-checks included; infinite if the job did not end. */
  readonly workPerChunk: number;
  /** In each every peer has one turn. */
  readonly rounds: number;
  /** Names, not peers. */
  readonly caught: number;
  /** Those of them that never lied. */
  readonly caughtByMistake: number;
  /** Chunks that were accepted and had to be computed again. */
  readonly reopened: number;
  readonly isFailed: boolean;
};

/** Rounds without a chunk accepted: nobody here may decide the rest. */
const STUCK_ROUNDS = 200;

export function verification(options: VerificationOptions): VerificationFigures {
  const { table, random, crowd, chunks } = options;
  table.addChunks(chunks);
  table.endSplit();
  const course = new Course(chunks);
  for (const member of crowd.members) member.leases = [];
  let nowMs = 0;
  let stuck = 0;
  while (!course.isOver && stuck < STUCK_ROUNDS) {
    const before = course.accepted;
    for (const member of sample(random, crowd.members, crowd.members.length)) {
      nowMs += 1;
      takeTurn(member, options, course, nowMs);
    }
    table.expire(nowMs);
    course.rounds += 1;
    stuck = course.accepted > before ? 0 : stuck + 1;
  }
  return course.figures;
}

function takeTurn(
  member: Member,
  { table, random, crowd, renamed, isCaught }: VerificationOptions,
  course: Course,
  nowMs: number,
): void {
  for (const { lease, chunk } of member.leases) {
    const answer = member.conduct({ random, chunk, answered: member.answered });
    member.answered += 1;
    if (answer === 'silence') continue;
    if (answer === 'wrong') course.liars.add(member.peer);
    const result = { lease, chunk, outcome: outcomeOf(answer, chunk), computeMs: 1 };
    course.count(table.result(member.peer, result, nowMs));
  }
  if (member.isFickle || (renamed && isCaught(member.peer))) crowd.rename(member);
  member.leases = table.lease(member.peer, 1, nowMs);
}

/** What one job has come to. */
class Course {
  /** Names that have lied. */
  readonly liars = new Set<PeerId>();
  readonly #chunks: number;
  readonly #stored = new Map<number, Digest>();
  readonly #accepted = new Set<number>();
  #work = 0;
  #caught = 0;
  #caughtByMistake = 0;
  #reopened = 0;
  #isFailed = false;
  rounds = 0;

  constructor(chunks: number) {
    this.#chunks = chunks;
  }

  get accepted(): number {
    return this.#accepted.size;
  }

  get isOver(): boolean {
    return this.#isFailed || this.#accepted.size === this.#chunks;
  }

  count(settlement: Settlement): void {
    this.#work += 1;
    if (settlement.type === 'job-failed') this.#isFailed = true;
    if (settlement.type === 'accepted') {
      this.#accepted.add(settlement.chunk);
      this.#stored.set(settlement.chunk, settlement.digest);
    }
    if (settlement.type !== 'moved') return;
    for (const { chunk, digest } of settlement.stored) this.#stored.set(chunk, digest);
    for (const chunk of settlement.reopened) this.#accepted.delete(chunk);
    for (const chunk of settlement.accepted) this.#accepted.add(chunk);
    this.#reopened += settlement.reopened.length;
    this.#caught += settlement.caught.length;
    this.#caughtByMistake += settlement.caught.filter(({ peer }) => !this.liars.has(peer)).length;
  }

  get figures(): VerificationFigures {
    let wrong = 0;
    for (const chunk of this.#accepted) {
      if (this.#stored.get(chunk) !== rightDigest(chunk)) wrong += 1;
    }
    const isDone = this.#accepted.size === this.#chunks;
    return {
      wrong: wrong / this.#chunks,
      workPerChunk: isDone ? this.#work / this.#chunks : Infinity,
      rounds: this.rounds,
      caught: this.#caught,
      caughtByMistake: this.#caughtByMistake,
      reopened: this.#reopened,
      isFailed: this.#isFailed,
    };
  }
}

function rightDigest(chunk: number): Digest {
  return digestNumbered(2 * chunk);
}

function outcomeOf(answer: Exclude<Answer, 'silence'>, chunk: number): Outcome {
  if (answer === 'failure') {
    return { type: 'failure', failure: { kind: 'threw', detail: 'it says so' } };
  }
  const digest = answer === 'right' ? rightDigest(chunk) : digestNumbered(2 * chunk + 1);
  return { type: 'result', digest, value: new Uint8Array() };
}
