/**
 * A stream of checked messages: frames decoded, hellos exchanged first, and whoever breaks a bound
 * refused with the reason. The three kinds of streams between peers differ in their codecs only.
 */

import { status as Status } from '@grpc/grpc-js';

import type { Decoded } from '../wire/bounds.ts';
import { type HelloFrame, incompatibility } from '../wire/hello.ts';
import type { TransportContext } from './context.ts';
import { type CallSide, type ClientCall, FrameStream, type ServerCall } from './frame-stream.ts';
import { remoteIp } from './remote-ip.ts';

export type MessageStreamEvents<Message> = {
  /** The other side's hello came and fits. */
  onHello(hello: HelloFrame): void;
  onMessage(message: Message): void;
  /**
   * As in `FrameStreamEvents`; also called when the other side was refused here.
   * @param offence it was refused for what no correct peer sends
   */
  onClosed(reason: string, code: Status | undefined, offence: boolean): void;
};

/** From when the other side could say hello: the stream's beginning, or the end of TLS. */
const helloMsMax = 5_000;

export class MessageStream<Message extends { readonly type: string }> {
  readonly #context: TransportContext;
  readonly #frames: FrameStream;
  readonly #decode: (bytes: Buffer) => Decoded<HelloFrame | Message>;
  readonly #events: MessageStreamEvents<Message>;
  readonly #call: ClientCall | ServerCall;
  readonly #peerLabel: string;
  #hasHello = false;
  #helloTimer: NodeJS.Timeout | undefined;

  constructor(
    context: TransportContext,
    call: ClientCall | ServerCall,
    side: CallSide,
    decode: (bytes: Buffer) => Decoded<HelloFrame | Message>,
    events: MessageStreamEvents<Message>,
  ) {
    this.#context = context;
    this.#decode = decode;
    this.#events = events;
    this.#call = call;
    this.#peerLabel = call.getPeer();
    const release = (): void => {
      clearTimeout(this.#helloTimer);
      side.release();
    };
    this.#frames = new FrameStream(
      context,
      call,
      { ...side, release },
      {
        onFrame: (bytes) => this.#receive(bytes),
        onClosed: (reason, code) => events.onClosed(reason, code, false),
      },
    );
  }

  /** The other end's IP address; empty when it is not known. */
  get remote(): string {
    // A client learns whom it is connected to, and a server forgets it.
    return remoteIp(this.#call.getPeer()) || remoteIp(this.#peerLabel);
  }

  /** Refuses the other side unless it says hello soon. */
  awaitHello(): void {
    this.#helloTimer ??= setTimeout(() => {
      this.#refuse(Status.DEADLINE_EXCEEDED, `no hello within ${helloMsMax / 1000} s`, false);
    }, helloMsMax);
  }

  send(bytes: Buffer): void {
    this.#frames.send(bytes);
  }

  /** Ends the stream after what was sent; no event follows. */
  finish(): void {
    this.#frames.finish();
  }

  /** Ends the stream with a reason; no event follows. */
  refuse(code: Status, reason: string): void {
    this.#frames.refuse(code, reason);
  }

  #receive(bytes: Buffer): void {
    const decoded = this.#decode(bytes);
    if (decoded.type === 'rejected') {
      this.#reject(decoded.reason);
      return;
    }
    const message = decoded.type === 'message' ? decoded.message : undefined;
    if (message !== undefined && isHello(message)) this.#hello(message);
    else if (!this.#hasHello) this.#reject('the first message must be a hello');
    else if (message !== undefined) this.#events.onMessage(message);
  }

  #hello(hello: HelloFrame): void {
    if (this.#hasHello) {
      this.#reject('a second hello');
      return;
    }
    this.#hasHello = true;
    clearTimeout(this.#helloTimer);
    const reason = incompatibility(hello);
    if (reason === undefined) this.#events.onHello(hello);
    else this.#refuse(Status.FAILED_PRECONDITION, reason, false);
  }

  /** A stranger broke a bound. */
  #reject(reason: string): void {
    this.#context.counters.framesRejected += 1;
    this.#refuse(Status.INVALID_ARGUMENT, reason, true);
  }

  #refuse(code: Status, reason: string, offence: boolean): void {
    if (!this.#frames.isOpen) return;
    this.#context.log.warn(
      { address: this.#peerLabel, reason },
      `ended a stream of ${this.#peerLabel}: ${reason}`,
    );
    this.refuse(code, reason);
    this.#events.onClosed(reason, code, offence);
  }
}

function isHello(message: { readonly type: string }): message is HelloFrame {
  return message.type === 'hello';
}
