/** What was seen lately, in constant space: a mean that forgets, a rate over a sliding window. */

/** Exponentially weighted mean. Undefined until the first sample. */
export class MovingMean {
  #mean: number | undefined;
  readonly #weight: number;

  /** @param weight of a new sample, in (0, 1] */
  constructor(weight: number) {
    this.#weight = weight;
  }

  add(sample: number): void {
    this.#mean =
      this.#mean === undefined ? sample : this.#mean + this.#weight * (sample - this.#mean);
  }

  get value(): number | undefined {
    return this.#mean;
  }
}

/** Half a second: fine enough for a progress display that is drawn a few times a second. */
const BUCKET_MS = 500;
/** Ten seconds: long enough to be steady with chunks of seconds, short enough to show a change. */
const BUCKETS = 20;

/** Events a second over the last ten seconds, or since the first one if that is less. */
export class RateMeter {
  readonly #counts = new Float64Array(BUCKETS);
  #bucket = 0;
  #startedMs: number | undefined;

  add(count: number, nowMs: number): void {
    this.#startedMs ??= nowMs;
    this.#advance(nowMs);
    this.#counts[this.#bucket % BUCKETS] = (this.#counts[this.#bucket % BUCKETS] ?? 0) + count;
  }

  perSecond(nowMs: number): number {
    if (this.#startedMs === undefined) return 0;
    this.#advance(nowMs);
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    const windowMs = (BUCKETS - 1) * BUCKET_MS + (nowMs % BUCKET_MS);
    const spanMs = Math.min(nowMs - this.#startedMs, windowMs);
    return (total * 1000) / Math.max(spanMs, BUCKET_MS);
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket - this.#bucket >= BUCKETS) this.#counts.fill(0);
    else for (let b = this.#bucket + 1; b <= bucket; b++) this.#counts[b % BUCKETS] = 0;
    this.#bucket = Math.max(bucket, this.#bucket);
  }
}
