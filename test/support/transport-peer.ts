/** A real transport on loopback whose events and log lines can be awaited. */

import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';

import {
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';

import type { Digest, PeerId } from '../../src/model/ids.ts';
import type { Transport, TransportEvent } from '../../src/ports.ts';
import { issueLeaf, leafDnsName } from '../../src/transport/certificate.ts';
import { type Grid, loadGrid } from '../../src/transport/grid.ts';
import { type Identity, temporaryIdentity } from '../../src/transport/identity.ts';
import type { PutPlaces } from '../../src/transport/put-server.ts';
import { createPeerTransport } from '../../src/transport/peer-transport.ts';
import type { OverlayFrame } from '../../src/wire/generated/manyhands/v1/OverlayFrame.ts';
import { loadPeerProto } from '../../src/wire/proto.ts';
import { type EventOf, isOf } from './transport-world.ts';

export type TestPeer = {
  readonly transport: Transport;
  readonly identity: Identity;
  readonly peer: PeerId;
  readonly address: string;
  readonly port: number;
  readonly events: readonly TransportEvent[];
  readonly logLines: readonly string[];
  /** The first event of a type that fits, past or to come. */
  event<Type extends TransportEvent['type']>(
    type: Type,
    fits?: (event: EventOf<Type>) => boolean,
  ): Promise<EventOf<Type>>;
  /** The first log line that fits, past or to come. */
  logged(pattern: RegExp): Promise<string>;
};

export type TestPeerOptions = {
  readonly grid?: Grid;
  readonly identity?: Identity;
  readonly blobs?: (blob: Digest) => Promise<Uint8Array | undefined>;
  /** Where large results come in; without it none are wanted. */
  readonly puts?: PutPlaces;
  /** Called for each event as it comes. */
  readonly onEvent?: (event: TransportEvent, transport: Transport) => void;
};

const clock = { nowMs: () => performance.now(), unixMs: () => Date.now() };

/** Listens on a free port of loopback, and is closed when the test ends. */
export async function startTestPeer(options: TestPeerOptions = {}): Promise<TestPeer> {
  const identity = options.identity ?? temporaryIdentity();
  const grid = options.grid ?? (await loadGrid(undefined));
  const events: TransportEvent[] = [];
  const logLines: string[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  const log = (_fields: object, line: string): void => {
    logLines.push(line);
    news.emit('news');
  };
  const transport = await createPeerTransport(
    { listen: '127.0.0.1:0', advertise: [] },
    {
      identity,
      grid,
      log: { debug: log, info: log, warn: log },
      blobs: options.blobs ?? (() => Promise.resolve(undefined)),
      ...(options.puts === undefined ? {} : { puts: options.puts }),
      clock,
    },
  );
  onTestFinished(() => transport.close());
  const [address = ''] = await transport.listen((event) => {
    events.push(event);
    options.onEvent?.(event, transport);
    news.emit('news');
  });

  async function first<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await once(news, 'news');
    }
  }
  return {
    transport,
    identity,
    peer: identity.peer,
    address,
    port: Number(address.split(':')[1]),
    events,
    logLines,
    event: (type, fits = () => true) =>
      first(() => {
        for (const event of events) if (isOf(event, type) && fits(event)) return event;
        return undefined;
      }),
    logged: (pattern) => first(() => logLines.find((line) => pattern.test(line))),
  };
}

/** Two peers with a link, the first of which dialled. */
export async function linkedPeers(): Promise<[TestPeer, TestPeer]> {
  const [a, b] = await Promise.all([startTestPeer(), startTestPeer()]);
  a.transport.dial(b.address, b.peer);
  await Promise.all([a.event('link-up'), b.event('link-up')]);
  return [a, b];
}

/** A gRPC client of no code of the project's but the certificate: what any stranger could write. */
export async function strangerClient(
  to: Pick<TestPeer, 'address'>,
  identity: Identity = temporaryIdentity(),
  options: ChannelOptions = {},
): Promise<Client> {
  const grid = await loadGrid(undefined);
  const leaf = await issueLeaf(identity.peer, identity.key, grid, clock.unixMs());
  const key = identity.privateKey.export({ format: 'pem', type: 'pkcs8' });
  const secure = credentials.createSsl(
    Buffer.from(grid.certificate),
    Buffer.from(key),
    Buffer.from(leaf),
  );
  const client = new Client(to.address, secure, {
    'grpc.ssl_target_name_override': leafDnsName,
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** A stream of a stranger: messages as objects of the generated types. */
export class StrangerStream<Out> {
  readonly received: Out[] = [];
  readonly #call;
  readonly #news = new EventEmitter().setMaxListeners(0);
  #status: { code: number; details: string } | undefined;

  constructor(client: Client, path: string, deserialize: (bytes: Buffer) => Out) {
    const asIs = (bytes: Buffer): Buffer => bytes;
    this.#call = client.makeBidiStreamRequest(path, asIs, deserialize, new Metadata());
    this.#call.on('data', (message: Out) => {
      this.received.push(message);
      this.#news.emit('news');
    });
    this.#call.on('error', (_error: ServiceError) => undefined);
    this.#call.on('status', (status: { code: number; details: string }) => {
      this.#status = status;
      this.#news.emit('news');
    });
    onTestFinished(() => this.#call.cancel());
  }

  send(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  end(): void {
    this.#call.end();
  }

  /** Ends it at once. */
  cancel(): void {
    this.#call.cancel();
  }

  /** Stops reading, without telling. */
  pause(): void {
    this.#call.pause();
  }

  async message(index: number): Promise<Out> {
    for (;;) {
      const message = this.received[index];
      if (message !== undefined) return message;
      if (this.#status !== undefined) throw new Error(`ended: ${this.#status.details}`);
      await once(this.#news, 'news');
    }
  }

  async status(): Promise<{ code: number; details: string }> {
    while (this.#status === undefined) await once(this.#news, 'news');
    return this.#status;
  }
}

const { Exchange } = loadPeerProto().overlay;

export function overlayStream(client: Client): StrangerStream<unknown> {
  return new StrangerStream(client, Exchange.path, Exchange.responseDeserialize);
}

/** What a stranger that dialled says. */
export function strangerFrame(frame: OverlayFrame): Buffer {
  return Exchange.requestSerialize({ frame });
}

export const strangerHello = strangerFrame({ hello: { protocolVersions: [1] } });

export type StrangerCall = ServerDuplexStream<unknown, object>;

/** A gRPC server, written by a stranger, that takes overlay streams. */
export async function strangerServer(
  identity: Identity,
  onStream: (call: StrangerCall) => void,
): Promise<{ readonly address: string }> {
  const grid = await loadGrid(undefined);
  const leaf = await issueLeaf(identity.peer, identity.key, grid, clock.unixMs());
  const server = new Server();
  server.addService(loadPeerProto().overlay, { Exchange: onStream });
  const key = Buffer.from(identity.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const pair = { private_key: key, cert_chain: Buffer.from(leaf) };
  const secure = ServerCredentials.createSsl(Buffer.from(grid.certificate), [pair], true);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', secure, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  onTestFinished(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}` };
}

/** An identity with an id to the test's liking. */
export function identityWhere(fits: (id: PeerId) => boolean): Identity {
  for (;;) {
    const identity = temporaryIdentity();
    if (fits(identity.peer)) return identity;
  }
}

/** @returns the error that a socket closed with, if any */
export function closeOf(socket: Socket): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let failure: Error | undefined;
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => resolve(failure));
  });
}
