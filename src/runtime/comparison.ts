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
 * Only what answers a lease is compared, and each lease once at a time: the rest goes on as it is,
 * for the machine to ignore.
 */

import { reasonOf } from '../model/errors.ts';
import type { PeerId } from '../model/ids.ts';
import { type JobFailure, type JobSpec, trustNeeded } from '../model/job.ts';
import type { Lease, Outcome, ReplicaResult } from '../model/replica.ts';
import type { Equivalent } from '../ports.ts';
import type { RequesterJob } from '../protocol/requester-job.ts';
import type { JobPages } from './pages.ts';
import type { FirstMember, ResultClasses } from './result-classes.ts';
import type { Answer, Pair, ScriptCalls } from './script-calls.ts';

/** Values that wait to be compared; beyond it results are taken for not computed. A guess. */
const WAITING_BYTES_MAX = 256 * 1024 * 1024;

export type ComparisonComponents = {
  readonly spec: JobSpec;
  readonly calls: Pick<ScriptCalls, 'ask' | 'close'>;
  readonly classes: Pick<ResultClasses, 'of' | 'valueOf' | 'add' | 'close'>;
  readonly pages: Pick<JobPages, 'withInputs'>;
  /** Undefined once the job is over. */
  readonly machine: () => Pick<RequesterJob, 'over' | 'table' | 'assembler'> | undefined;
  readonly keepEquivalents: (equivalents: readonly Equivalent[]) => void;
  readonly fail: (failure: JobFailure) => void;
};

type Value = Extract<Outcome, { type: 'result' }>;
type Compared = ReplicaResult & { readonly outcome: Value };

/** A result on its way through the classes of its chunk. */
type Walk = {
  readonly replica: Compared;
  /** Classes that it doesn't belong to. */
  passed: number;
  end: Outcome | undefined;
};

const returned: Outcome = { type: 'returned' };

export class Comparison {
  readonly #components: ComparisonComponents;
  readonly #waitingBytesMax: number;
  /**
   * Chunks with results on their way, and when the last of them is there: of two equal results only
   * one may found a class. Not one queue for all: who makes `equals` slow is to hold up none but
   * the chunks that it was leased.
   */
  readonly #busy = new Map<number, Promise<unknown>>();
  /** Leases whose results are being compared. */
  readonly #leases = new Set<number>();
  #waitingBytes = 0;

  constructor(components: ComparisonComponents, waitingBytesMax = WAITING_BYTES_MAX) {
    this.#components = components;
    this.#waitingBytesMax = waitingBytesMax;
  }

  /**
   * @returns the same results, as the machine is to see them; none of a lease whose result is being
   *   compared already
   */
  async admit(from: PeerId, replicas: readonly ReplicaResult[]): Promise<readonly ReplicaResult[]> {
    const compared: Compared[] = [];
    const admitted: ReplicaResult[] = [];
    for (const replica of replicas) {
      if (!this.#isToCompare(from, replica)) admitted.push(replica);
      else if (this.#leases.has(replica.lease)) continue;
      else if (this.#waitingBytes > this.#waitingBytesMax) {
        admitted.push(withOutcome(replica, returned));
      } else {
        compared.push(replica);
        this.#leases.add(replica.lease);
        this.#waitingBytes += replica.outcome.value.byteLength;
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
        this.#waitingBytes -= outcome.value.byteLength;
      }
    }
  }

  /** The job is over. */
  async close(): Promise<void> {
    this.#components.calls.close();
    await this.#components.classes.close();
  }

  /** Of an accepted chunk only what may be a spot-check. */
  #isToCompare(from: PeerId, replica: ReplicaResult): replica is Compared {
    const machine = this.#components.machine();
    if (replica.outcome.type !== 'result' || machine === undefined || machine.over) return false;
    if (!machine.table.expects(from, replica)) return false;
    const isChecked = trustNeeded(this.#components.spec).credibility !== undefined;
    return isChecked || !machine.assembler.has(replica.chunk);
  }

  async #compare(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    if (replicas.length === 0) return [];
    if (this.#components.spec.comparison === 'verify') return this.#verify(from, replicas);
    return this.#inTurn(
      replicas.map(({ chunk }) => chunk),
      () => this.#classify(replicas),
    );
  }

  /** Begins when all has ended that came before and concerns one of these chunks. */
  async #inTurn<Result>(chunks: readonly number[], work: () => Promise<Result>): Promise<Result> {
    const before = chunks.flatMap((chunk) => this.#busy.get(chunk) ?? []);
    const done = Promise.allSettled(before).then(work);
    for (const chunk of chunks) this.#busy.set(chunk, done);
    try {
      return await done;
    } finally {
      for (const chunk of chunks) if (this.#busy.get(chunk) === done) this.#busy.delete(chunk);
    }
  }

  async #verify(from: PeerId, replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const { calls, spec } = this.#components;
    const inputs = await this.#inputsOf(replicas);
    // Without an input: accepted meanwhile.
    const asked = replicas.filter(({ lease }) => inputs.has(lease));
    const pairs = asked.map(({ lease, outcome }): Pair => [
      inputs.get(lease) ?? new Uint8Array(0),
      outcome.value,
    ]);
    const answers = await calls.ask('verify', pairs);
    const verdicts = new Map(asked.map(({ lease }, index) => [lease, answers[index]]));
    return replicas.map((replica) => {
      const answer = verdicts.get(replica.lease);
      if (answer === undefined) return replica;
      if (answer === 'no' && from === spec.requester) throw contradiction(replica);
      return withOutcome(replica, judged(replica.outcome, answer));
    });
  }

  async #inputsOf(leases: readonly Lease[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const inputs = new Map<number, Uint8Array>();
    for await (const chunks of this.#components.pages.withInputs(leases)) {
      for (const { lease, input } of chunks) inputs.set(lease, input);
    }
    return inputs;
  }

  /** All of a frame go on by one class at a time, so that few batches cross to the sandbox. */
  async #classify(replicas: readonly Compared[]): Promise<readonly ReplicaResult[]> {
    const walks = replicas.map((replica): Walk => ({ replica, passed: 0, end: undefined }));
    for (let some = nextOf(walks); some.length > 0; some = nextOf(walks)) await this.#step(some);
    this.#keepEquivalents(walks);
    return walks.map(({ replica, end }) => withOutcome(replica, end ?? returned));
  }

  async #step(walks: readonly Walk[]): Promise<void> {
    const { calls, classes } = this.#components;
    const asked: { walk: Walk; pair: Pair; member: FirstMember | undefined }[] = [];
    for (const walk of walks) {
      const { outcome, chunk } = walk.replica;
      const members = classes.of(chunk);
      if (members.some(({ digest }) => digest === outcome.digest)) {
        walk.end = outcome;
        continue;
      }
      const member = members[walk.passed];
      const other = member === undefined ? outcome.value : await classes.valueOf(member);
      asked.push({ walk, member, pair: [other, outcome.value] });
    }
    const answers = await calls.ask(
      'equals',
      asked.map(({ pair }) => pair),
    );
    for (const [index, { walk, member, pair }] of asked.entries()) {
      const answer = answers[index] ?? 'no';
      const { outcome, chunk } = walk.replica;
      if (member === undefined) {
        walk.end = founding(outcome, answer);
        if (answer === 'yes') await classes.add(chunk, outcome.digest, outcome.value);
      } else if (answer === 'yes') {
        walk.end = { type: 'result', digest: member.digest, value: pair[0] };
      } else walk.passed += 1;
    }
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

/** A call that failed tells nothing of the result, and leaves nothing to believe it on. */
function judged(outcome: Value, answer: Answer): Outcome {
  if (answer === 'yes') return { ...outcome, verdict: 'verified' };
  if (answer === 'no') return { ...outcome, verdict: 'refuted' };
  return { type: 'failure', failure: answer };
}

/** A class has to begin with a result that is equal to itself, or nothing ever will be. */
function founding(outcome: Value, answer: Answer): Outcome {
  if (answer === 'yes') return outcome;
  if (answer !== 'no') return { type: 'failure', failure: answer };
  const detail = 'equals(a, a) is false: by it the result is not even equal to itself';
  return { type: 'failure', failure: { kind: 'threw', detail } };
}

function contradiction({ chunk }: ReplicaResult): Error {
  return new Error(
    `Chunk ${chunk}: verify says that what this very peer has computed is wrong, so compute and ` +
      'verify contradict each other. `manyhands test` runs both on the first chunks.',
  );
}
