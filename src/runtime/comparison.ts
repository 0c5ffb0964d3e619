/**
 * Between the transport and the machine, for a job that says itself which results are right or
 * equal. The machine compares digests and asks nobody; so results are given to it in such a way
 * that this is all it has to do:
 *
 *   `equals`  a result that is equal to an earlier one of its chunk gets that one's digest and
 *             value: all of a class are the same to the machine
 *   `verify`  a result comes with the verdict
 *
 * The alternative, a machine that asks for comparisons and waits, would have to hold strangers'
 * values and undecided votes in every table.
 *
 * Only what answers a lease is compared, and each lease once at a time. A result that answers none
 * is taken for not computed: its number may have been guessed, and be a lease by the time when the
 * machine sees it.
 */

import { reasonOf } from '../model/errors.ts';
import type { PeerId } from '../model/ids.ts';
import type { JobFailure, JobSpec } from '../model/job.ts';
import type { Failure, Lease, Outcome, ReplicaResult } from '../model/replica.ts';
import type { Equivalent } from '../ports.ts';
import type { RequesterJob } from '../protocol/requester/requester-job.ts';
import { CallTurns, TURN_RESULTS_MAX } from './call-turns.ts';
import type { JobPages } from './pages.ts';
import type { FirstMember, ResultClasses } from './result-classes.ts';
import type { Answer, Pair, ScriptCalls } from './script-calls.ts';
import { WaitingBytes } from './waiting-bytes.ts';

/** Values that wait to be compared; beyond it results are taken for not computed. A guess. */
const WAITING_BYTES_MAX = 256 * 1024 * 1024;

export type ComparisonComponents = {
  readonly spec: JobSpec;
  readonly calls: Pick<ScriptCalls, 'ask' | 'close'>;
  readonly classes: Pick<ResultClasses, 'of' | 'valueOf' | 'add' | 'close'>;
  readonly pages: Pick<JobPages, 'withInputs'>;
  /** Undefined once the job is over. */
  readonly machine: () => Pick<RequesterJob, 'expects' | 'isOpen'> | undefined;
  readonly keepEquivalents: (equivalents: readonly Equivalent[]) => void;
  readonly fail: (failure: JobFailure) => void;
};

type Value = Extract<Outcome, { type: 'result' }>;
type Compared = ReplicaResult & { readonly outcome: Value };

/** A result on its way through the classes of its chunk. */
type Walk = {
  readonly replica: Compared;
  /**
   * As the classes are when it begins. None is added before its end, but they may be forgotten:
   * then it would not be known any more which it has passed.
   */
  members: readonly FirstMember[] | undefined;
  /** Classes that it doesn't belong to. */
  passed: number;
  /** Whether it is equal to itself: to be asked next where a call with another one has failed. */
  self: 'unasked' | 'doubted' | 'equal';
  end: Outcome | undefined;
};

const returned: Outcome = { type: 'returned' };

export class Comparison {
  readonly #components: ComparisonComponents;
  readonly #waiting: WaitingBytes;
  readonly #turns = new CallTurns();
  /**
   * Chunks with results on their way, and when the last of them is there: of two equal results only
   * one may found a class. Not one queue for all: who makes `equals` slow is to hold up none but
   * the chunks that it was leased.
   */
  readonly #busy = new Map<number, Promise<unknown>>();
  /** Leases whose results are being compared. */
  readonly #leases = new Set<number>();

  constructor(components: ComparisonComponents, waitingBytesMax = WAITING_BYTES_MAX) {
    this.#components = components;
    this.#waiting = new WaitingBytes(waitingBytesMax);
  }

  /**
   * @returns the same results, as the machine is to see them; none of a lease whose result is being
   *   compared already
   */
  async admit(from: PeerId, replicas: readonly ReplicaResult[]): Promise<readonly ReplicaResult[]> {
    const compared: Compared[] = [];
    const admitted: ReplicaResult[] = [];
    for (const replica of replicas) {
      if (!isCompared(replica)) admitted.push(replica);
      else if (!this.#isExpected(from, replica)) admitted.push(withOutcome(replica, returned));
      else if (this.#leases.has(replica.lease)) continue;
      else if (!this.#isOpen(replica)) admitted.push(replica);
      else if (!this.#waiting.take(from, replica.outcome.value.byteLength)) {
        admitted.push(withOutcome(replica, returned));
      } else {
        compared.push(replica);
        this.#leases.add(replica.lease);
      }
    }
    try {
      return [...admitted, ...(await this.#compare(from, compared))];
    } catch (error) {
      this.#components.fail({
        type: 'requester-failed',
        step: 'comparison',
        reason: reasonOf(error),
      });
      return admitted;
    } finally {
      for (const { lease, outcome } of compared) {
        this.#leases.delete(lease);
        this.#waiting.give(from, outcome.value.byteLength);
      }
    }
  }

  /** The job is over. */
  async close(): Promise<void> {
    this.#components.calls.close();
    // Who is on its way may yet put a value into a blob.
    await Promise.allSettled(this.#busy.values());
    await this.#components.classes.close();
  }

  #isExpected(from: PeerId, replica: Compared): boolean {
    return this.#components.machine()?.expects(from, replica) === true;
  }

  /** Of an accepted chunk only what may be a spot-check is to be compared. */
  #isOpen({ chunk }: Compared): boolean {
    return this.#components.machine()?.isOpen(chunk) !== false;
  }

  /** Some at a time, so that others have their turn, and what is learned of these counts next. */
  async #compare(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const verifies = this.#components.spec.comparison === 'verify';
    const ends: ReplicaResult[] = [];
    for (let first = 0; first < replicas.length; first += TURN_RESULTS_MAX) {
      const some = replicas.slice(first, first + TURN_RESULTS_MAX);
      if (ends.some(wasRefuted)) ends.push(...some.map(unlooked));
      else ends.push(...(await (verifies ? this.#look(from, some) : this.#sort(from, some))));
    }
    return ends;
  }

  /** When the volunteer's turn comes. What answers no lease any more is nobody's business then. */
  async #look(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const verifies = this.#components.spec.comparison === 'verify';
    return this.#turns.take(from, async () => {
      const wanted = replicas.filter((replica) => this.#isExpected(from, replica));
      const rest = replicas.filter((replica) => !wanted.includes(replica));
      const done = verifies ? this.#verify(from, wanted) : this.#classify(from, wanted);
      return [...rest.map(unlooked), ...(await done)];
    });
  }

  /** Begins when all has ended that came before and concerns one of these chunks. */
  async #sort(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const chunks = replicas.map(({ chunk }) => chunk);
    const before = chunks.flatMap((chunk) => this.#busy.get(chunk) ?? []);
    const done = Promise.allSettled(before).then(() => this.#look(from, replicas));
    for (const chunk of chunks) this.#busy.set(chunk, done);
    try {
      return await done;
    } finally {
      for (const chunk of chunks) if (this.#busy.get(chunk) === done) this.#busy.delete(chunk);
    }
  }

  async #verify(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const { spec } = this.#components;
    const inputs = await this.#inputsOf(replicas);
    // Without an input: accepted meanwhile.
    const asked = replicas.filter(({ lease }) => inputs.has(lease));
    const pairs = asked.map(({ lease, outcome }): Pair => [
      inputs.get(lease) ?? new Uint8Array(0),
      outcome.value,
    ]);
    const answers = await this.#ask(from, 'verify', pairs);
    if (answers === undefined) return replicas.map(unlooked);
    const verdicts = new Map(asked.map(({ lease }, index) => [lease, answers[index]]));
    return replicas.map((replica) => {
      const answer = verdicts.get(replica.lease);
      if (answer === undefined) return replica;
      if (answer === 'no' && from === spec.requester) throw contradiction(replica);
      return withOutcome(replica, this.#judged(from, replica.outcome, answer));
    });
  }

  async #inputsOf(leases: readonly Lease[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const inputs = new Map<number, Uint8Array>();
    for await (const chunks of this.#components.pages.withInputs(leases)) {
      for (const { lease, input } of chunks) inputs.set(lease, input);
    }
    return inputs;
  }

  /** All of them go on by one class at a time, so that few batches cross to the sandbox. */
  async #classify(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const walks = replicas.map(walkOf);
    for (let some = nextOf(walks); some.length > 0; some = nextOf(walks)) {
      await this.#step(from, some);
    }
    this.#keepEquivalents(walks);
    return walks.map(({ replica, end }) => withOutcome(replica, end ?? returned));
  }

  async #step(from: PeerId, walks: readonly Walk[]): Promise<void> {
    const { classes } = this.#components;
    const asked: { walk: Walk; pair: Pair; member: FirstMember | undefined }[] = [];
    for (const walk of walks) {
      const { outcome, chunk } = walk.replica;
      const members = (walk.members ??= classes.of(chunk));
      const member = walk.self === 'doubted' ? undefined : members[walk.passed];
      if (members.some(({ digest }) => digest === outcome.digest)) walk.end = outcome;
      else if (member === undefined && walk.self === 'equal') {
        await classes.add(chunk, outcome.digest, outcome.value);
        walk.end = outcome;
      } else {
        const other = member === undefined ? outcome.value : await classes.valueOf(member);
        asked.push({ walk, member, pair: [other, outcome.value] });
      }
    }
    const pairs = asked.map(({ pair }) => pair);
    const answers = await this.#ask(from, 'equals', pairs);
    for (const [index, { walk, member, pair }] of asked.entries()) {
      const answer = answers?.[index];
      if (answer === undefined) walk.end = returned;
      else if (member === undefined) this.#heldAgainstItself(from, walk, answer);
      else if (answer === 'yes') {
        walk.end = { type: 'result', digest: member.digest, value: pair[0] };
      } else {
        walk.passed += 1;
        // Whose fault it is shows a call with nobody else's value in it.
        if (answer !== 'no' && walk.self === 'unasked') walk.self = 'doubted';
      }
    }
  }

  /** @returns undefined where nothing is asked about that volunteer's results any more */
  async #ask(
    from: PeerId,
    name: 'equals' | 'verify',
    pairs: readonly Pair[],
  ): Promise<readonly Answer[] | undefined> {
    if (this.#turns.isDone(from)) return undefined;
    return pairs.length === 0 ? [] : this.#components.calls.ask(name, pairs);
  }

  /** A class has to begin with a result that is equal to itself, or nothing ever will be. */
  #heldAgainstItself(from: PeerId, walk: Walk, answer: Answer): void {
    if (answer === 'yes') walk.self = 'equal';
    else walk.end = this.#broken(from, answer === 'no' ? notItself : answer);
  }

  /** A call that failed tells nothing of the result, and leaves nothing to believe it on. */
  #judged(from: PeerId, outcome: Value, answer: Answer): Outcome {
    if (answer === 'yes') return { ...outcome, verdict: 'verified' };
    if (answer === 'no') return { ...outcome, verdict: 'refuted' };
    return this.#broken(from, answer);
  }

  /** One failure at this peer itself ends the job anyway. */
  #broken(from: PeerId, failure: Failure): Outcome {
    if (from === this.#components.spec.requester) return { type: 'failure', failure };
    this.#turns.broke(from);
    return { type: 'failure', failure, ...(this.#turns.isDone(from) ? { isLast: true } : {}) };
  }

  /** For certificates: peers have signed the digests that they had. */
  #keepEquivalents(walks: readonly Walk[]): void {
    const equivalents = walks.flatMap(({ replica, end }) => {
      const { chunk, outcome } = replica;
      if (end?.type !== 'result' || end.digest === outcome.digest) return [];
      return [{ chunk, digest: outcome.digest, of: end.digest }];
    });
    if (equivalents.length > 0) this.#components.keepEquivalents(equivalents);
  }
}

function isCompared(replica: ReplicaResult): replica is Compared {
  return replica.outcome.type === 'result';
}

function walkOf(replica: Compared): Walk {
  return { replica, members: undefined, passed: 0, self: 'unasked', end: undefined };
}

/** Of each chunk the first that is on its way: what comes of it may concern the others. */
function nextOf(walks: readonly Walk[]): readonly Walk[] {
  const first = new Map<number, Walk>();
  for (const walk of walks) {
    const { chunk } = walk.replica;
    if (walk.end === undefined && !first.has(chunk)) first.set(chunk, walk);
  }
  return [...first.values()];
}

function withOutcome(replica: ReplicaResult, outcome: Outcome): ReplicaResult {
  return { ...replica, outcome };
}

/** Taken for not computed: its chunk goes to somebody else, where it is still open. */
function unlooked(replica: ReplicaResult): ReplicaResult {
  return withOutcome(replica, returned);
}

function wasRefuted({ outcome }: ReplicaResult): boolean {
  return outcome.type === 'result' && outcome.verdict === 'refuted';
}

const notItself: Failure = {
  kind: 'threw',
  detail: 'equals(a, a) is false: by it the result is not even equal to itself',
};

function contradiction({ chunk }: ReplicaResult): Error {
  return new Error(
    `Chunk ${chunk}: verify says that what this very peer has computed is wrong, so compute and ` +
      'verify contradict each other. `manyhands test` runs both on the first chunks.',
  );
}
