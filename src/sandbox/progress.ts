/**
 * Where a thread is in its batch, in memory shared with the host: so that the host knows which
 * chunk ran too long, or which one took the thread down, without a message from a thread that is
 * too busy to send any.
 */

const chunkOffset = 0;
const threadOffset = 4;
const startedOffset = 8;
const startedCpuOffset = 16;
const progressBytes = 24;

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
  /** The processor time that the thread had been given by then. */
  readonly startedCpuMs: number;
};

export class Progress {
  readonly shared: SharedArrayBuffer;
  readonly #chunk: Int32Array;
  readonly #thread: Int32Array;
  readonly #startedMs: Float64Array;
  readonly #startedCpuMs: Float64Array;

  /** @param shared of the other side; a new one is made if absent */
  constructor(shared?: SharedArrayBuffer) {
    this.shared = shared ?? new SharedArrayBuffer(progressBytes);
    this.#chunk = new Int32Array(this.shared, chunkOffset, 1);
    this.#thread = new Int32Array(this.shared, threadOffset, 1);
    this.#startedMs = new Float64Array(this.shared, startedOffset, 1);
    this.#startedCpuMs = new Float64Array(this.shared, startedCpuOffset, 1);
    if (shared === undefined) this.end();
  }

  /** By the thread, before its first chunk. */
  begin(thread: number): void {
    Atomics.store(this.#thread, 0, thread);
  }

  /** By the thread. Times are written first: a reader that sees the chunk sees its times too. */
  start(chunk: number, nowMs: number): void {
    this.#startedMs[0] = nowMs;
    // A third of a microsecond, measured.
    this.#startedCpuMs[0] = threadCpuMs();
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
      startedCpuMs: this.#startedCpuMs[0] ?? 0,
    };
  }
}
