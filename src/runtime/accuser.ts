/**
 * Accuses who was caught in an own job, once this peer has convinced itself: it computes the chunk,
 * and only if that comes to what was expected, and not to what was returned, it signs evidence.
 * Votes alone would do to refuse somebody; but who accuses and is wrong is refused by all others.
 * One after the other: a crowd that is caught at once must not have this peer compute nothing else.
 *
 * What others need to check it they fetch from here: the program's blobs, which the store keeps as
 * long as the job is known, and inputs that are too large to travel, which are kept in memory.
 */

import { setImmediate as breathe } from 'node:timers/promises';

import PQueue from 'p-queue';

import { reasonOf } from '../model/errors.ts';
import type { Accusation, EvidenceWork } from '../model/evidence.ts';
import { type Digest, type JobId, type PeerId, short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { programRef } from '../model/program.ts';
import type { Signed } from '../model/signed.ts';
import type { Clock, Store, Transport } from '../ports.ts';
import type { Effect, LocalEvent } from '../protocol/events.ts';
import { EVIDENCE_LIVES_MS, OWN_EVIDENCE_MAX } from '../protocol/accusations/evidence-book.ts';
import { digestOf } from '../wire/digest.ts';
import { readKeptStatement, type Statement } from '../wire/statement-codec.ts';
import type { Logger } from './log.ts';
import type { OwnJob } from './own-job.ts';
import type { Recomputation } from './recomputation.ts';

type Accuse = Extract<Effect, { type: 'accuse' }>;

export type AccuserComponents = {
  readonly self: PeerId;
  readonly store: Pick<Store, 'readStatements'>;
  readonly transport: Pick<Transport, 'signEvidence'>;
  readonly recomputation: Pick<Recomputation, 'compute'>;
  readonly clock: Pick<Clock, 'unixMs'>;
  readonly log: Logger;
  readonly addresses: () => readonly string[];
  readonly ownJob: (job: JobId) => Pick<OwnJob, 'spec' | 'pages' | 'stored'> | undefined;
  readonly dispatch: (event: LocalEvent) => void;
};

/** What is kept for a piece of evidence. */
type Kept = {
  readonly untilUnixMs: number;
  readonly blobs: ReadonlySet<Digest>;
  readonly input: EvidenceWork['input'];
  /** Where it does not travel with the evidence. */
  readonly inputValue?: Uint8Array;
};

export class Accuser {
  readonly #components: AccuserComponents;
  /** The newest last; as many as are told of. With the largest inputs 64 MiB. */
  readonly #kept: Kept[] = [];
  /** Each waits with its chunk's input: 64 MiB of the largest. */
  readonly #queue = new PQueue({ concurrency: 1 });
  #pending = 0;

  constructor(components: AccuserComponents) {
    this.#components = components;
  }

  /** Whether others may fetch a blob of the store. */
  offers(blob: Digest): boolean {
    return this.#live().some(({ blobs }) => blobs.has(blob));
  }

  /** An input that others may fetch. */
  input(blob: Digest): Uint8Array | undefined {
    return this.#live().find(({ input }) => input.digest === blob)?.inputValue;
  }

  /** Never rejects. */
  async accuse({ job, wrong }: Accuse): Promise<void> {
    const { log } = this.#components;
    try {
      const why = await this.#accuse(job, wrong);
      if (why === undefined) return;
      const text = `${short(wrong.peer)} was caught, but others are not told`;
      log.warn({ peer: wrong.peer, job, chunk: wrong.chunk }, `${text}: ${why}`);
    } catch (error) {
      log.warn({ err: error, job }, `evidence could not be made: ${reasonOf(error)}`);
    }
  }

  /** @returns why nobody is accused */
  async #accuse(job: JobId, wrong: Accuse['wrong']): Promise<string | undefined> {
    const own = this.#components.ownJob(job);
    if (this.#pending >= OWN_EVIDENCE_MAX) return 'too many are to be told of already';
    this.#pending += 1;
    try {
      // At once: the job may end, and its inputs go.
      const value = own === undefined ? undefined : await inputOf(own, wrong.chunk);
      if (own === undefined || value === undefined) return 'the job has ended';
      return await this.#queue.add(() => this.#convince(own, value, job, wrong));
    } finally {
      this.#pending -= 1;
    }
  }

  /** @returns why this peer is not convinced, or has nothing to convince others */
  async #convince(
    own: Pick<OwnJob, 'spec' | 'stored'>,
    value: Uint8Array,
    job: JobId,
    wrong: Accuse['wrong'],
  ): Promise<string | undefined> {
    const { self, recomputation, log, addresses } = this.#components;
    const work: EvidenceWork = {
      program: programRef(own.spec),
      limits: own.spec.limits,
      input: { digest: digestOf(value), bytes: value.length, value },
    };
    const { chunk, digest: said, expected } = wrong;
    const again = await recomputation.compute({
      ...work,
      job,
      chunk,
      holder: self,
      addresses: addresses(),
    });
    if (again.type === 'nothing') return `chunk ${chunk} can't be computed here: ${again.reason}`;
    if (again.digest === said) return `here chunk ${chunk} comes to the same result`;
    if (again.digest !== expected) return `here chunk ${chunk} comes to yet another result`;
    const shown = await this.#statements(job, wrong);
    if (shown === undefined) return 'what it has signed is not there';
    this.#sign(own, { ...work, ...shown, chunk, accepted: expected });
    const text = `${short(wrong.peer)} returned a wrong result of chunk ${chunk}: others are told`;
    log.warn({ peer: wrong.peer, job, chunk, said, expected }, text);
    return undefined;
  }

  #sign(
    own: Pick<OwnJob, 'stored'>,
    accusation: Omit<Accusation, 'addresses' | 'issuedAtMs'>,
  ): void {
    const { transport, clock, addresses, dispatch } = this.#components;
    const { digest, bytes, value } = accusation.input;
    const isSmall = bytes <= limits.evidenceInputBytesMax;
    const input = isSmall ? accusation.input : { digest, bytes };
    const issuedAtMs = clock.unixMs();
    const evidence = transport.signEvidence({
      ...accusation,
      input,
      addresses: addresses(),
      issuedAtMs,
    });
    const { program, setup } = accusation.program;
    const { data = [] } = own.stored;
    this.#kept.push({
      untilUnixMs: issuedAtMs + EVIDENCE_LIVES_MS,
      blobs: new Set([program, ...(setup === undefined ? [] : [setup.digest]), ...data]),
      input,
      ...(isSmall || value === undefined ? {} : { inputValue: value }),
    });
    if (this.#kept.length > OWN_EVIDENCE_MAX) this.#kept.shift();
    dispatch({ type: 'evidence-signed', evidence });
  }

  /** What the accused has signed, and some of those who came to what was expected. */
  async #statements(
    job: JobId,
    { peer: culprit, chunk, digest: said, expected }: Accuse['wrong'],
  ): Promise<Pick<Accusation, 'statement' | 'witnesses'> | undefined> {
    const { self, store } = this.#components;
    let statement: Signed | undefined;
    const witnesses = new Map<PeerId, Signed>();
    for (let after = 0; ;) {
      const some = store.readStatements(job, after);
      for (const { number, signed } of some) {
        after = number;
        const kept = readKeptStatement(signed);
        if (kept === undefined) continue;
        const { peer } = kept;
        if (peer === culprit && says(kept, chunk, said)) statement ??= signed;
        const isWitness = peer !== culprit && peer !== self && says(kept, chunk, expected);
        if (isWitness && witnesses.size < limits.evidenceWitnessesMax) witnesses.set(peer, signed);
      }
      if (some.length === 0) break;
      await breathe();
    }
    return statement === undefined ? undefined : { statement, witnesses: [...witnesses.values()] };
  }

  #live(): readonly Kept[] {
    const unixMs = this.#components.clock.unixMs();
    while ((this.#kept[0]?.untilUnixMs ?? Infinity) <= unixMs) this.#kept.shift();
    return this.#kept;
  }
}

async function inputOf(
  { pages }: Pick<OwnJob, 'pages'>,
  chunk: number,
): Promise<Uint8Array | undefined> {
  for await (const [leased] of pages.withInputs([{ lease: 0, chunk }])) return leased?.input;
  return undefined;
}

function says({ replicas }: Statement, chunk: number, digest: Digest): boolean {
  return replicas.some(
    ({ chunk: of, said }) => of === chunk && said.type === 'digest' && said.digest === digest,
  );
}
