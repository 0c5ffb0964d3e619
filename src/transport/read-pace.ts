/**
 * How fast an overlay stream is read. Each frame costs time before anybody can tell whether it was
 * worth it: parsing, and a check of every signature in it. What a peer says beyond any correct
 * peer's pace is therefore left in the network, and HTTP/2's flow control holds it back. Nobody is
 * blamed for that: `protocol/overlay/overlay.ts` counts what was read, and is stricter.
 *
 * Bytes are counted as they are parsed: gRPC lets the sender compress them a thousandfold.
 */

const MiB = 2 ** 20;

/** All offers that there may be, twice, at once; then 500 small frames in a second. Guesses. */
const bytesAtOnceMax = 32 * MiB;
const bytesPerMs = 2 * 1024;
/** What a frame costs besides its bytes: a check of a signature takes as long as so many. */
const frameBytes = 4 * 1024;

/** Part of a stream; `pause` stops its frames from coming. */
type Paused = { pause(): unknown; resume(): unknown };

export class ReadPace {
  readonly #stream: Paused;
  #left = bytesAtOnceMax;
  #asOfMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Paused) {
    this.#stream = stream;
  }

  /** A frame was read. */
  read(bytes: number): void {
    this.#gain();
    this.#left -= bytes + frameBytes;
    if (this.#left >= 0 || this.#timer !== undefined) return;
    this.#stream.pause();
    this.#wait();
  }

  /** The stream is over. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #gain(): void {
    const nowMs = performance.now();
    const gained = (nowMs - this.#asOfMs) * bytesPerMs;
    this.#left = Math.min(this.#left + gained, bytesAtOnceMax);
    this.#asOfMs = nowMs;
  }

  /** Some frames were on their way out of the stream when it was paused: they count as well. */
  #wait(): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#gain();
        if (this.#left < 0) this.#wait();
        else this.#stream.resume();
      },
      Math.ceil(-this.#left / bytesPerMs),
    );
  }
}
