/**
 * One end of a stream, with what it has sent and what has not arrived yet. Frames arrive in order
 * and once, or the stream ends, as over TCP: what is held up holds up all that is behind it.
 *
 * Only the frame that is next is in the timeline's queue. So a stream costs one entry there however
 * much is on its way, and a message no object but its frame.
 */

import { limits } from '../../../src/model/limits.ts';
import { unreachable } from '../../../src/model/errors.ts';
import type { Network } from './network.ts';
import type { Station } from './station.ts';

/** How the side that ended a stream put it: gRPC's status codes, as far as they matter here. */
export type Ending = 'ended' | 'aborted' | 'refused' | 'lost';

type Frame<Message> =
  /** `atMs`: when it arrives, if nothing holds it up. */
  | { readonly atMs: number; readonly type: 'hello' }
  | { readonly atMs: number; readonly type: 'message'; readonly message: Message }
  | {
      readonly atMs: number;
      readonly type: 'closed';
      readonly reason: string;
      readonly ending: Ending;
    };

export type EndEvents<In> = {
  hello(): void;
  message(message: In): void;
  /** At most once, and not after this side has ended the stream. */
  closed(reason: string, ending: Ending): void;
};

const LOST = 'the connection was lost';

export class StreamEnd<In, Out> {
  readonly station: Station;
  readonly peerStation: Station;
  readonly #network: Network;
  readonly #betweenMs: number;
  readonly #frames: Frame<Out>[] = [];
  #other: StreamEnd<Out, In> | undefined;
  #events: EndEvents<In> | undefined;
  #lastAtMs = 0;
  #pushedAtMs = -1;
  /** Sent at that moment: nothing is taken from a queue while its process is busy filling it. */
  #framesAtOnce = 0;
  #clearAtMs = 0;
  #isQueued = false;
  #isStalled = false;
  #isWatched = false;
  #isOver = false;

  private constructor(network: Network, station: Station, peerStation: Station, betweenMs: number) {
    this.#network = network;
    this.station = station;
    this.peerStation = peerStation;
    this.#betweenMs = betweenMs;
    station.ends.add(this);
  }

  /** @param betweenMs the latency of the pair */
  static pair<There, Back>(
    network: Network,
    dialler: Station,
    dialled: Station,
    betweenMs: number,
  ): readonly [StreamEnd<Back, There>, StreamEnd<There, Back>] {
    const here = new StreamEnd<Back, There>(network, dialler, dialled, betweenMs);
    const there = new StreamEnd<There, Back>(network, dialled, dialler, betweenMs);
    here.#other = there;
    there.#other = here;
    return [here, there];
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  listen(events: EndEvents<In>): void {
    this.#events = events;
  }

  sendHello(): void {
    if (!this.#isOver) this.#push({ atMs: this.#arrivalMs(), type: 'hello' });
  }

  /** Best effort: dropped once the stream is over. */
  send(message: Out): void {
    if (this.#isOver) return;
    this.#push({ atMs: this.#arrivalMs(), type: 'message', message });
    const framesWaiting = this.#isHeldUp ? this.#frames.length : this.#framesAtOnce;
    if (framesWaiting > limits.streamQueueFramesMax) this.#stuck();
  }

  /** Ends the stream after what was sent. */
  finish(): void {
    this.#end('it closed the stream', 'ended');
  }

  /** Ends the stream with a reason; what waits is dropped, what is under way arrives before. */
  refuse(reason: string, ending: Ending): void {
    if (this.#isOver) return;
    if (this.#isHeldUp) this.#drop();
    this.#end(reason, ending);
  }

  /** Its process was killed: the operating system closes the stream. */
  abandon(): void {
    this.#end(LOST, 'lost');
  }

  /** This side gives the other up. */
  lose(): void {
    if (this.#isOver) return;
    this.#drop();
    this.#end(LOST, 'lost');
    this.#events?.closed(LOST, 'lost');
  }

  /** What it sends waits until then. */
  clog(untilMs: number): void {
    this.#clearAtMs = Math.max(this.#clearAtMs, untilMs);
  }

  /** The transport's keepalive: a silent other side is given up after a while. */
  watch(): void {
    if (this.#isWatched || this.#isOver) return;
    this.#isWatched = true;
    this.#network.afterKeepalive(() => {
      this.#isWatched = false;
      // A process that started in the place of the other's answers that it knows no such stream.
      const isGone = this.peerStation.state !== 'up';
      if (!isGone && !this.#network.isSilent(this.station, this.peerStation)) return;
      this.station.whenAwake(() => this.lose());
    });
  }

  watchOther(): void {
    this.#other?.watch();
  }

  /** The time of the next frame has come. */
  due(): void {
    this.#isQueued = false;
    const [frame] = this.#frames;
    if (frame === undefined) return;
    const clearAtMs = Math.max(frame.atMs, this.#clearAtMs);
    if (clearAtMs > this.#network.timeline.nowMs) {
      this.#queue(clearAtMs);
      return;
    }
    if (this.#network.holdsUp(this.station, this.peerStation)) {
      this.#isStalled = true;
      this.peerStation.stalled.add(this);
      this.watch();
      return;
    }
    this.#frames.shift();
    const [next] = this.#frames;
    if (next !== undefined) this.#queue(next.atMs);
    this.#other?.receive(frame);
  }

  /** There is a way again. */
  resume(delayMs: number): void {
    this.#isStalled = false;
    if (this.#frames.length > 0) this.#queue(this.#network.timeline.nowMs + delayMs);
  }

  private receive(frame: Frame<In>): void {
    if (this.#isOver) return;
    if (this.station.state !== 'up') {
      // The process that knew this stream is gone.
      this.abandon();
      return;
    }
    switch (frame.type) {
      case 'message':
        this.#events?.message(frame.message);
        return;
      case 'hello':
        this.#events?.hello();
        return;
      case 'closed':
        this.#isOver = true;
        this.station.ends.delete(this);
        this.#drop();
        this.#events?.closed(frame.reason, frame.ending);
        return;
      default:
        unreachable(frame);
    }
  }

  get #isHeldUp(): boolean {
    return this.#isStalled || this.#clearAtMs > this.#network.timeline.nowMs;
  }

  #end(reason: string, ending: Ending): void {
    if (this.#isOver) return;
    this.#push({ atMs: this.#arrivalMs(), type: 'closed', reason, ending });
    this.#isOver = true;
    this.station.ends.delete(this);
  }

  /** Of a frame sent now: never before those that were sent before it. */
  #arrivalMs(): number {
    const frameMs = this.#network.frameMs(this.station, this.peerStation, this.#betweenMs);
    this.#lastAtMs = Math.max(this.#lastAtMs, this.#network.timeline.nowMs + frameMs);
    return this.#lastAtMs;
  }

  #push(frame: Frame<Out>): void {
    const { nowMs } = this.#network.timeline;
    this.#framesAtOnce = this.#pushedAtMs === nowMs ? this.#framesAtOnce + 1 : 1;
    this.#pushedAtMs = nowMs;
    this.#frames.push(frame);
    if (!this.#isQueued && !this.#isStalled) this.#queue(frame.atMs);
  }

  #queue(atMs: number): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#network.timeline.schedule(atMs, this);
  }

  #drop(): void {
    this.#frames.length = 0;
  }

  /** Its reader doesn't read. */
  #stuck(): void {
    const reason = `its reader is stuck: ${this.#frames.length} frames waited`;
    this.#drop();
    this.#end(LOST, 'lost');
    // Not from within the call that filled the queue.
    const tell = (): void => this.#events?.closed(reason, 'lost');
    this.#network.timeline.after(0, () => this.station.whenAwake(tell));
  }
}
