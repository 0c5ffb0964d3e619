/**
 * Where a thread is in its batch, in memory shared with the host: so that the host knows which
 * chunk ran too long, or which one took the thread down, without a message from a thread that is
 * too busy to send any.
 */

const chunkOffset = 0;
const threadOffset = 4;
const startedOffset = 8;
const beganOffset = 16;
const beganCpuOffset = 24;
const progressBytes = 32;

/** No chunk runs: the thread is starting, or has run them all. */
const idle = -1;

// Taken before the thread is stripped of them.
const { hrtime } = process;
const threadCpuUsage = process.threadCpuUsage.bind(process);

/** Milliseconds of the process's monotonic clock, which is one for all its threads. */
export function processNowMs(): number {
  return Number(hrtime.bigint()) / 1e6;
}

/** Processor time that the present thread was given since it started. */
function threadCpuMs(): number {
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

export type Running = {
  readonly chunk: number;
  /** The id of the thread that runs it. */
  readonly thread: number;
  /** As of `processNowMs`. */
  readonly startedMs: number;
  /** When the batch began, and the processor time that the thread had been given by then. */
  readonly beganMs: number;
  readonly beganCpuMs: number;
};

export class Progress {
  readonly shared: SharedArrayBuffer;
  readonly #chunk: Int32Array;
  readonly #thread: Int32Array;
  readonly #startedMs: Float64Array;
  readonly #beganMs: Float64Array;
  readonly #beganCpuMs: Float64Array;

  /** @param shared of the other side; a new one is made if absent */
  constructor(shared?: SharedArrayBuffer) {
    this.shared = shared ?? new SharedArrayBuffer(progressBytes);
    this.#chunk = new Int32Array(this.shared, chunkOffset, 1);
    this.#thread = new Int32Array(this.shared, threadOffset, 1);
    this.#startedMs = new Float64Array(this.shared, startedOffset, 1);
    this.#beganMs = new Float64Array(this.shared, beganOffset, 1);
    this.#beganCpuMs = new Float64Array(this.shared, beganCpuOffset, 1);
    if (shared === undefined) this.end();
  }

  /** By the thread, before its first chunk. */
  begin(thread: number): void {
    this.#beganMs[0] = processNowMs();
    this.#beganCpuMs[0] = threadCpuMs();
    Atomics.store(this.#thread, 0, thread);
  }

  /** By the thread. The time is written first: a reader that sees the chunk sees its time too. */
  start(chunk: number, nowMs: number): void {
    this.#startedMs[0] = nowMs;
    Atomics.store(this.#chunk, 0, chunk);
  }

  /** By the thread, when all chunks are done. */
  end(): void {
    Atomics.store(this.#chunk, 0, idle);
  }

  /** The chunk that runs, by its place in the batch; undefined while none does. */
  read(): Running | undefined {
    const chunk = Atomics.load(this.#chunk, 0);
    if (chunk === idle) return undefined;
    return {
      chunk,
      thread: Atomics.load(this.#thread, 0),
      startedMs: this.#startedMs[0] ?? 0,
      beganMs: this.#beganMs[0] ?? 0,
      beganCpuMs: this.#beganCpuMs[0] ?? 0,
    };
  }
}
