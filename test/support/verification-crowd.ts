/**
 * Peers as `verification.ts` simulates them: each answers as its conduct says. Those that answer
 * wrong about a chunk all tell the same lie, which is the worst that they can do.
 */

import type { PeerId } from '../../src/model/ids.ts';
import type { Lease } from '../../src/model/replica.ts';
import type { Random } from '../../src/protocol/random.ts';
import { peerNumbered } from './protocol-fixtures.ts';

export type Answer = 'right' | 'wrong' | 'failure' | 'silence';

type Question = {
  readonly random: Random;
  readonly chunk: number;
  /** What it has answered before, under its present name. */
  readonly answered: number;
};

export type Conduct = (question: Question) => Answer;

export const honest: Conduct = () => 'right';

/** @param rate the share of its results that is wrong, by chance */
export function lying(rate: number): Conduct {
  return ({ random }) => (random.next() < rate ? 'wrong' : 'right');
}

/**
 * Honest at first.
 * @param results right ones that it gives
 * @param answer what it says from then on
 */
export function turningAfter(results: number, answer: Answer): Conduct {
  return ({ answered }) => (answered < results ? 'right' : answer);
}

/** Wrong as long as nobody can be checked, and honest from then on. */
export function lyingFirst(results: number): Conduct {
  return ({ answered }) => (answered < results ? 'wrong' : 'right');
}

/** Volunteers see the numbers of chunks, and can tell how far a job has come. */
export function lyingAbout(isTarget: (chunk: number) => boolean): Conduct {
  return ({ chunk }) => (isTarget(chunk) ? 'wrong' : 'right');
}

/**
 * A check is a chunk that somebody has computed before. So a chunk with a number above all that the
 * liars have been given was never a check where chunks are leased in the order of their numbers.
 * They lie about those, and whoever of them gets the same chunk later says the same.
 * @param rate the share of such chunks that they lie about
 */
export function lyingAboveAllSeen(rate: number): Conduct {
  const liedAbout = new Set<number>();
  let highest = -1;
  return ({ random, chunk }) => {
    if (chunk > highest && random.next() < rate) liedAbout.add(chunk);
    highest = Math.max(highest, chunk);
    return liedAbout.has(chunk) ? 'wrong' : 'right';
  };
}

export type Member = {
  peer: PeerId;
  readonly conduct: Conduct;
  /** It takes a new name after each round, caught or not. */
  readonly isFickle: boolean;
  answered: number;
  leases: Lease[];
};

/** They keep their names from one job to the next. */
export class Crowd {
  readonly members: Member[] = [];
  #names = 0;

  join(count: number, conduct: Conduct, isFickle = false): this {
    for (let joined = 0; joined < count; joined++) {
      this.members.push({ peer: this.#newName(), conduct, isFickle, answered: 0, leases: [] });
    }
    return this;
  }

  /** It comes back as a stranger. */
  rename(member: Member): void {
    member.peer = this.#newName();
    member.answered = 0;
  }

  #newName(): PeerId {
    this.#names += 1;
    return peerNumbered(this.#names);
  }
}
