/** Work streams that this peer opened to requesters, as their volunteer: at most one to each. */

import type { RequesterMessage, VolunteerMessage } from '../model/messages.ts';
import type { PeerId } from '../model/ids.ts';
import { short } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { isAddress } from '../wire/address.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { decodeRequester } from '../wire/requester-codec.ts';
import { encodeVolunteer, encodeVolunteerHello, isLarge } from '../wire/volunteer-codec.ts';
import { clientSide } from './call-sides.ts';
import { Connection } from './connection.ts';
import type { TransportContext } from './context.ts';
import { MessageStream } from './message-stream.ts';
import { ResultPuts } from './result-puts.ts';

type Stream = MessageStream<RequesterMessage>;

type Requester = {
  readonly peer: PeerId;
  /** Addresses not tried yet. */
  readonly untried: string[];
  /** Why the others failed. */
  readonly failures: string[];
  stream: Stream | undefined;
  /** What brings large results, while the stream is up. */
  puts: ResultPuts | undefined;
};

export class RequesterStreams {
  readonly #context: TransportContext;
  readonly #requesters = new Map<PeerId, Requester>();

  constructor(context: TransportContext) {
    this.#context = context;
  }

  open(peer: PeerId, addresses: readonly string[]): void {
    if (this.#requesters.has(peer) || this.#context.closing.aborted) return;
    const untried = addresses.slice(0, limits.peerAddressesMax);
    const requester: Requester = {
      peer,
      untried,
      failures: [],
      stream: undefined,
      puts: undefined,
    };
    const isOneTooMany = this.#requesters.size >= limits.requestersMax;
    this.#requesters.set(peer, requester);
    queueMicrotask(() => {
      if (isOneTooMany) this.#down(requester, `${limits.requestersMax} work streams are open`);
      else this.#tryNext(requester);
    });
  }

  close(peer: PeerId): void {
    const requester = this.#requesters.get(peer);
    this.#requesters.delete(peer);
    requester?.puts?.close();
    requester?.stream?.finish();
  }

  /** Forgets all requesters. */
  closeAll(): void {
    for (const { puts } of this.#requesters.values()) puts?.close();
    this.#requesters.clear();
  }

  send(to: PeerId, message: VolunteerMessage): void {
    const requester = this.#requesters.get(to);
    if (requester?.puts === undefined) return;
    if (message.type !== 'results') {
      this.#sendAt(requester, message);
      return;
    }
    const { job, replicas } = message.frame;
    const small = replicas.filter((replica) => !isLarge(replica));
    if (small.length > 0) this.#sendAt(requester, { ...message, frame: { job, replicas: small } });
    for (const replica of replicas) if (isLarge(replica)) requester.puts.add(job, replica);
  }

  #sendAt({ stream }: Requester, message: VolunteerMessage): void {
    for (const frame of encodeVolunteer(message, this.#context.identity.privateKey)) {
      stream?.send(frame);
    }
  }

  #tryNext(requester: Requester): void {
    if (this.#requesters.get(requester.peer) !== requester) return;
    const address = requester.untried.shift();
    if (address === undefined) {
      this.#down(requester, requester.failures.join('; ') || 'it has no address');
    } else if (isAddress(address)) {
      this.#try(requester, address);
    } else {
      requester.failures.push(`${address}: it is not "host:port"`);
      this.#tryNext(requester);
    }
  }

  #try(requester: Requester, address: string): void {
    const { peer } = requester;
    const connection = new Connection(this.#context, address, peer, () => {
      stream.send(encodeVolunteerHello());
      stream.awaitHello();
    });
    const call = connection.openStream(loadPeerProto().work.Compute.path);
    const side = clientSide(call, connection);
    const stream: Stream = new MessageStream(this.#context, call, side, decodeRequester, {
      onHello: () => {
        requester.puts = this.#putsOver(connection, requester);
        this.#context.emit({ type: 'requester-up', peer });
      },
      onMessage: (message) => {
        this.#context.emit({ type: 'requester-message', from: peer, message });
      },
      onClosed: (details, code) => {
        const reason = connection.reasonOf(details, code);
        if (requester.puts !== undefined) {
          this.#down(requester, reason);
        } else {
          requester.failures.push(`${address}: ${reason}`);
          this.#tryNext(requester);
        }
      },
    });
    requester.stream = stream;
  }

  #putsOver(connection: Connection, requester: Requester): ResultPuts {
    const { peer } = requester;
    return new ResultPuts(this.#context, connection, {
      onPut: (job, replica) => {
        this.#sendAt(requester, { type: 'results', frame: { job, replicas: [replica] } });
      },
      onTaken: (bytes) => this.#context.emit({ type: 'requester-took', peer, bytes }),
    });
  }

  #down(requester: Requester, reason: string): void {
    const { peer } = requester;
    if (this.#requesters.get(peer) !== requester) return;
    this.#requesters.delete(peer);
    requester.puts?.close();
    this.#context.log.info({ peer, reason }, `no work stream to ${short(peer)}: ${reason}`);
    this.#context.emit({ type: 'requester-down', peer, reason });
  }
}
