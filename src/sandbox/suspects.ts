/**
 * What may run in the sandbox's process at one time, so that when the process dies it is found out
 * who took it down.
 *
 * Many things run there at a time and the process dies with all of them. Whoever ran beside the
 * culprit must get its result all the same, and must never be blamed. So suspicion grows in stages,
 * and what is suspected more is run first and with fewer beside it:
 *
 *     0  not suspected: whole batches, enough of them that no thread waits
 *     1  was there when the process died: each chunk by itself, at most one a thread
 *     2  was there the next time too: alone, with nothing at all beside it
 *
 * A chunk that is alone in the process when it dies, and was there at an earlier death, is the
 * culprit. One death is never enough: a machine may run out of memory, and a person may kill.
 * The alternative, to ask the process what each thread did last, would ask the culprit.
 */

import { unreachable } from '../model/errors.ts';

export type Stage = 0 | 1 | 2;

export type Work = {
  /**
   * Chunks and checks of programs are run again after a death; a step can't be, since what it has
   * taken and given is gone, so it is never suspected either.
   */
  readonly kind: 'chunks' | 'check' | 'step';
  readonly stage: Stage;
};

export type Verdict<W> = {
  /** What took the process down, if that is certain. */
  readonly culprit?: W;
  /** What else was in the process. */
  readonly others: readonly W[];
};

/** A check takes a thread of its own and as much memory as a chunk. */
export const checksMax = 2;
/** Batches in the process for each thread: the next one is there when one has ended. */
const batchesPerSlot = 2;

export class Suspects<W extends Work> {
  readonly #slots: number;
  /** In the order in which they came. */
  readonly #queues: readonly Queue<W>[] = ([2, 1, 0] as const).flatMap((stage) =>
    (['chunks', 'check', 'step'] as const).map((kind) => ({ stage, kind, waiting: [] })),
  );
  readonly #running = new Set<W>();

  /** @param slots threads that compute, at least 1 */
  constructor(slots: number) {
    this.#slots = slots;
  }

  get running(): ReadonlySet<W> {
    return this.#running;
  }

  /** Nothing runs, and nothing waits. */
  get isEmpty(): boolean {
    return this.#running.size === 0 && !this.#waits(() => true);
  }

  /** How many of a kind wait. */
  waiting(kind: Work['kind']): number {
    const queues = this.#queues.filter((queue) => queue.kind === kind);
    return queues.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  add(work: W): void {
    const { stage, kind } = work;
    this.#queues.find((queue) => queue.stage === stage && queue.kind === kind)?.waiting.push(work);
  }

  /** The next that may start, which counts as running from now on. */
  next(): W | undefined {
    const queue = this.#queues.find((queue) => queue.waiting.length > 0 && this.#mayStart(queue));
    const work = queue?.waiting.shift();
    if (work !== undefined) this.#running.add(work);
    return work;
  }

  /** It came to an end, the process living. */
  ended(work: W): void {
    this.#running.delete(work);
  }

  /** Takes out of the queues what is not wanted any more. */
  drop(isUnwanted: (work: W) => boolean): readonly W[] {
    const dropped: W[] = [];
    for (const { waiting } of this.#queues) {
      const { unwanted = [], wanted = [] } = Object.groupBy(waiting, (work) =>
        isUnwanted(work) ? 'unwanted' : 'wanted',
      );
      dropped.push(...unwanted);
      waiting.splice(0, waiting.length, ...wanted);
    }
    return dropped;
  }

  /** The process died: nothing runs any more. */
  died(): Verdict<W> {
    const [only, ...more] = this.#running;
    const others = [...this.#running];
    this.#running.clear();
    const certain = only !== undefined && more.length === 0 && only.stage > 0;
    return certain ? { culprit: only, others: [] } : { others };
  }

  #mayStart({ stage, kind }: Work): boolean {
    if (this.#runs((other) => other.stage === 2) > 0) return false;
    if (stage === 2) return this.#running.size === 0;
    if (this.#waits((other) => other.stage === 2)) return false;
    switch (kind) {
      case 'check':
        return this.#runs((other) => other.kind === 'check') < checksMax;
      case 'chunks': {
        const room = stage === 1 ? this.#slots : batchesPerSlot * this.#slots;
        if (stage === 0 && this.#suspectsSome()) return false;
        return this.#runs((other) => other.kind === 'chunks') < room;
      }
      case 'step':
        // It would be lost with the process.
        return !this.#suspectsSome();
      default:
        return unreachable(kind);
    }
  }

  /** All that is suspected is cleared up before anything new is put beside it. */
  #suspectsSome(): boolean {
    const isSuspect = ({ stage, kind }: Work): boolean => stage > 0 && kind === 'chunks';
    return this.#waits(isSuspect) || this.#runs(isSuspect) > 0;
  }

  #waits(isSuch: (work: Work) => boolean): boolean {
    return this.#queues.some((queue) => queue.waiting.length > 0 && isSuch(queue));
  }

  #runs(isSuch: (work: Work) => boolean): number {
    return this.#running.values().filter(isSuch).toArray().length;
  }
}

/** What waits of one stage and kind. */
type Queue<W> = Work & { readonly waiting: W[] };

/** How much more a thing is suspected that was in the process when it died. */
export function nextStage(stage: Stage): Stage {
  return stage === 0 ? 1 : 2;
}
