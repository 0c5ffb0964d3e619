/**
 * Accepts connections of grid members and serves gRPC on them. The TLS server is our own and hands
 * gRPC only sockets that are authorized: a peer of another grid is then refused at the handshake in
 * our own words, where gRPC's own listener would drop it in silence.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type Server as TlsServer, type TlsOptions, type TLSSocket } from 'node:tls';

import {
  type ChannelOptions,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, service as healthService } from 'grpc-health-check';

import { limits } from '../model/limits.ts';
import type { HostPort } from '../wire/address.ts';
import { loadPeerProto } from '../wire/proto.ts';
import { asBytes, channelOptions } from './connection.ts';
import type { TransportContext } from './context.ts';
import { FairPlaces } from './fair-places.ts';
import { listenError } from './listen-address.ts';
import { remoteIp } from './remote-ip.ts';
import { handshakeReason, peerOfCertificate } from './tls.ts';

const serverOptions: ChannelOptions = {
  ...channelOptions,
  'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
  // A connection without streams is of no use to its peer, and holds one of `connectionsMax`
  // places.
  'grpc.max_connection_idle_ms': 60_000,
};

export class Listener {
  readonly #context: TransportContext;
  readonly #grpc = new Server(serverOptions);
  readonly #injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
  readonly #tls: TlsServer;
  /** By the remote address, which is how a call names its connection. */
  readonly #sockets = new Map<string, TLSSocket>();
  /** Connections whose handshake is under way, or was when they closed in this very moment. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #handshakePlaces = new FairPlaces<Socket>(limits.handshakesMax);
  readonly #connectionPlaces = new FairPlaces<Socket>(limits.connectionsMax);

  constructor(context: TransportContext, tlsOptions: TlsOptions) {
    this.#context = context;
    this.#tls = createServer(tlsOptions);
    this.#tls.on('connection', (socket) => this.#connected(socket));
    this.#tls.on('secureConnection', (socket) => this.#secured(socket));
    this.#tls.on('tlsClientError', (error, socket) => this.#refused(error, socket));
    this.#addHealthAndReflection();
  }

  /** Messages of these services stay bytes: `wire/` decodes, bounds and refuses them. */
  addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation): void {
    const methods = Object.entries(definition).map(([name, method]) => [
      name,
      {
        ...method,
        requestSerialize: asBytes,
        requestDeserialize: asBytes,
        responseSerialize: asBytes,
        responseDeserialize: asBytes,
      },
    ]);
    this.#grpc.addService(Object.fromEntries(methods), handlers);
  }

  /**
   * @returns the port
   * @throws {GridError} `port-taken`, or `usage` for an address that can't be listened on
   */
  async listen(listen: HostPort): Promise<number> {
    try {
      this.#tls.listen(listen);
      await once(this.#tls, 'listening');
    } catch (error) {
      throw listenError(listen, error);
    }
    this.#tls.on('error', (error) => {
      this.#context.log.warn({ err: error }, `could not accept a connection: ${error.message}`);
    });
    const address = this.#tls.address();
    if (typeof address !== 'object' || address === null) throw new Error('listens on no port');
    return address.port;
  }

  /** Ends the connection that a call came on, and everything on it. */
  cut(remoteAddress: string): void {
    this.#sockets.get(remoteAddress)?.destroy();
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    const closed = this.#tls.listening ? once(this.#tls, 'close') : undefined;
    this.#tls.close();
    this.#grpc.forceShutdown();
    for (const socket of this.#sockets.values()) socket.destroy();
    for (const socket of this.#handshakes.values()) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    const remote = remoteOf(socket);
    const ip = remoteIp(remote);
    for (const places of [this.#connectionPlaces, this.#handshakePlaces]) {
      const evicted = places.take(socket, ip);
      if (evicted !== undefined) this.#evict(evicted);
      if (evicted === socket) return;
    }
    this.#handshakes.set(remote, socket);
    socket.once('close', () => {
      this.#release(socket);
      // Later, since the failure of the handshake is told after the end of the connection.
      setImmediate(() => this.#handshakes.delete(remote));
    });
  }

  /** Others need its place, or it finds none. */
  #evict(socket: Socket): void {
    const remote = remoteOf(socket);
    this.#context.counters.handshakesRefused += 1;
    this.#context.log.info({ remote }, `refused ${remote}: too many connections at a time`);
    this.#release(socket);
    this.#sockets.get(remote)?.destroy();
    socket.destroy();
  }

  #release(socket: Socket): void {
    this.#connectionPlaces.release(socket);
    this.#handshakePlaces.release(socket);
  }

  #secured(socket: TLSSocket): void {
    const remote = remoteOf(socket);
    const plain = this.#handshakes.get(remote);
    if (plain !== undefined) this.#handshakePlaces.release(plain);
    this.#handshakes.delete(remote);
    socket.on('error', (error) => {
      this.#context.log.debug({ remote }, `lost the connection of ${remote}: ${error.message}`);
    });
    const speaks = socket.alpnProtocol === 'h2';
    if (!speaks || peerOfCertificate(socket.getPeerCertificate()) === undefined) {
      this.#refuse(remote, speaks ? 'showed a key that is no peer' : 'does not speak HTTP/2');
      socket.destroy();
      return;
    }
    this.#sockets.set(remote, socket);
    socket.once('close', () => this.#sockets.delete(remote));
    this.#injector.injectConnection(socket);
  }

  #refused(error: Error, socket: TLSSocket): void {
    const remote = socket.remoteAddress === undefined ? this.#justClosed() : remoteOf(socket);
    this.#handshakes.delete(remote);
    this.#refuse(remote, handshakeReason(error, socket.authorizationError, this.#context.grid));
    socket.destroy();
  }

  /** A TLS socket forgets its address when it closes; the socket under it is known. */
  #justClosed(): string {
    for (const [remote, socket] of this.#handshakes) if (socket.destroyed) return remote;
    return 'an unknown address';
  }

  #refuse(remote: string, reason: string): void {
    this.#context.counters.handshakesRefused += 1;
    // No warning: strangers may knock as often as they like, and it is no trouble of this peer's.
    this.#context.log.info({ remote, reason }, `refused a connection from ${remote}: it ${reason}`);
  }

  #addHealthAndReflection(): void {
    const health = new HealthImplementation({ '': 'SERVING' });
    health.addToServer(this.#grpc);
    const definition = { ...loadPeerProto().definition, 'grpc.health.v1.Health': healthService };
    new ReflectionService(definition).addToServer(this.#grpc);
  }
}

/** As `getPeer()` of a call has it. */
function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'an unknown address' : `${remoteAddress}:${remotePort}`;
}
