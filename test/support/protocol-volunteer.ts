/** A volunteer's machine in tests: how it gets to work, what it is told and what it says. */

import type { PeerId } from '../../src/model/ids.ts';
import type { RequesterMessage, VolunteerMessage } from '../../src/model/messages.ts';
import type { Offer } from '../../src/model/offer.ts';
import { programKey, programRef } from '../../src/model/program.ts';
import type { LeasedChunk, Outcome } from '../../src/model/replica.ts';
import { Awareness } from '../../src/protocol/awareness.ts';
import type { Effect } from '../../src/protocol/events.ts';
import { OfferBook } from '../../src/protocol/overlay/offer-book.ts';
import { Standings } from '../../src/protocol/standings.ts';
import { Volunteer } from '../../src/protocol/volunteer/volunteer.ts';
import {
  anna,
  digestNumbered,
  givenLimits,
  jobNumbered,
  offerOf,
  self,
  startUnixMs,
  valueOf,
} from './protocol-fixtures.ts';

export const job = jobNumbered(1);
const { offer } = offerOf();
const { limits: chunkLimits } = offer;
/** Of every job here that does not say otherwise. */
export const program = programKey(offer, chunkLimits.memoryBytesMax);
const ref = programRef(offer);

/** A volunteer that has heard of these offers and acts on them. */
export function volunteerWith(slots: number, ...offers: Partial<Offer>[]) {
  const book = new OfferBook();
  const standings = new Standings();
  for (const offer of offers) book.receive(offerOf(offer), startUnixMs);
  return {
    volunteer: new Volunteer(
      { self, slots, limits: givenLimits },
      book,
      new Awareness(),
      standings,
    ),
    book,
    standings,
  };
}

/** One that computes Anna's job: connected, its program loaded, its first ask made. */
export function working(slots = 2, ...more: Partial<Offer>[]) {
  const { volunteer, book, standings } = volunteerWith(slots, {}, ...more);
  volunteer.advance(0);
  volunteer.requesterUp(anna, 0);
  const effects = volunteer.programReady(program, 0);
  return { volunteer, book, standings, effects };
}

export const leases = (
  chunks: readonly LeasedChunk[],
  of = job,
  leaseMs = 10_000,
): RequesterMessage => ({
  type: 'leases',
  job: of,
  leaseMs,
  chunks,
});
export const acknowledge = (...acknowledged: number[]): RequesterMessage => ({
  type: 'acknowledge',
  job,
  leases: acknowledged,
});
const told = (message: VolunteerMessage, to: PeerId = anna): Effect => ({
  type: 'send-to-requester',
  to,
  message,
});
export const asked = (count: number, to: PeerId = anna, of = job) =>
  told({ type: 'ask', job: of, count }, to);
export const run = (number: number, chunks: readonly LeasedChunk[], of = job): Effect => ({
  type: 'run',
  run: number,
  job: of,
  program,
  ref,
  limits: chunkLimits,
  chunks,
});

function outcomeOf({ chunk }: LeasedChunk): Outcome {
  return { type: 'result', digest: digestNumbered(chunk), value: valueOf(chunk) };
}

type Done = { readonly outcome: Outcome; readonly computeMs: number };

/** A run comes back with these outcomes. */
export function ended(
  volunteer: Volunteer,
  effect: Effect | undefined,
  outcomes: readonly Done[],
  nowMs = 10,
) {
  if (effect?.type !== 'run') throw new Error('no run');
  return volunteer.runDone({ type: 'run-done', run: effect.run, outcomes }, nowMs);
}

/** A run comes back, each chunk having taken `computeMs`. */
export function done(volunteer: Volunteer, effect: Effect | undefined, computeMs = 10, nowMs = 10) {
  if (effect?.type !== 'run') throw new Error('no run');
  const outcomes = effect.chunks.map((chunk) => ({ outcome: outcomeOf(chunk), computeMs }));
  return ended(volunteer, effect, outcomes, nowMs);
}

/** A run comes back with nothing computed. */
export function stopped(volunteer: Volunteer, effect: Effect | undefined, nowMs = 10) {
  if (effect?.type !== 'run') throw new Error('no run');
  const outcomes = effect.chunks.map(() => ({
    outcome: { type: 'returned' } as const,
    computeMs: 0,
  }));
  return ended(volunteer, effect, outcomes, nowMs);
}

export const results = (chunks: readonly LeasedChunk[], computeMs = 10) =>
  told({
    type: 'results',
    frame: {
      job,
      replicas: chunks.map((chunk) => ({
        lease: chunk.lease,
        chunk: chunk.chunk,
        outcome: outcomeOf(chunk),
        computeMs,
      })),
    },
  });
export const givenBack = (chunks: readonly LeasedChunk[], to: PeerId = anna, of = job) =>
  told(
    {
      type: 'results',
      frame: {
        job: of,
        replicas: chunks.map(({ lease, chunk }) => ({
          lease,
          chunk,
          outcome: { type: 'returned' },
          computeMs: 0,
        })),
      },
    },
    to,
  );
