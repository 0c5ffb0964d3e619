/**
 * The peer's side of the control API: gRPC over a Unix socket that only its owner can open. The
 * socket's permissions are the whole access control, so it must never exist with wider ones: this
 * listens itself, under a narrow umask, and hands each connection to gRPC. (gRPC's own bind would
 * leave us to narrow the permissions afterwards.)
 */

import { once } from 'node:events';
import { lstat, mkdir, unlink } from 'node:fs/promises';
import { createServer, type Server as SocketServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import {
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerWritableStream,
  type StatusObject,
  status,
} from '@grpc/grpc-js';

import { GridError, type GridErrorCode, reasonOf } from '../model/errors.ts';
import type { ControlDefinition } from '../wire/generated/manyhands/control/v1/Control.ts';
import { loadControl } from '../wire/proto.ts';
import { connectControl } from './control-client.ts';
import {
  codeMetadataKey,
  controlChannelOptions,
  errorCharsMax,
  presenceOn,
  putPieceBytesMax,
} from './control-socket.ts';

type Request<Name extends string> = ReturnType<ControlDefinition[Name]['requestDeserialize']>;
type Response<Name extends string> = Parameters<ControlDefinition[Name]['responseSerialize']>[0];

/** What a peer does for its owner. A `GridError` thrown here is thrown again in the client. */
export interface ControlHandler {
  /** @param pieces throw when the client has gone, or the server closes, before all have come */
  putBlob(pieces: AsyncIterable<Uint8Array>): Promise<Response<'PutBlob'>>;
  submit(request: Request<'Submit'>): Promise<Response<'Submit'>>;
  /** The signal: the client has gone, or the server closes. */
  watch(request: Request<'Watch'>, signal: AbortSignal): AsyncIterable<Response<'Watch'>>;
  result(request: Request<'Result'>, signal: AbortSignal): AsyncIterable<Response<'Result'>>;
  exportAudit(
    request: Request<'ExportAudit'>,
    signal: AbortSignal,
  ): AsyncIterable<Response<'ExportAudit'>>;
  listJobs(request: Request<'ListJobs'>): Promise<Response<'ListJobs'>>;
  cancel(request: Request<'Cancel'>): Promise<Response<'Cancel'>>;
  forget(request: Request<'Forget'>): Promise<Response<'Forget'>>;
  listPeers(request: Request<'ListPeers'>): Promise<Response<'ListPeers'>>;
  listReceipts(request: Request<'ListReceipts'>): Promise<Response<'ListReceipts'>>;
  exportBackup(
    request: Request<'ExportBackup'>,
    signal: AbortSignal,
  ): AsyncIterable<Response<'ExportBackup'>>;
  status(request: Request<'Status'>): Promise<Response<'Status'>>;
  pause(request: Request<'Pause'>): Promise<Response<'Pause'>>;
  resume(request: Request<'Resume'>): Promise<Response<'Resume'>>;
  finish(request: Request<'Finish'>): Promise<Response<'Finish'>>;
}

/** For answers under way and for clients to hang up; a peer that was told to stop should stop. */
const closingMsMax = 2_000;

export type ControlServer = {
  /** Lets calls with one answer end in time, ends the others, removes the socket. Idempotent. */
  close(): Promise<void>;
};

/**
 * @param path of the socket; its folder is made if need be, for its owner alone. A socket that a
 *   dead peer left is replaced.
 * @throws {GridError} `peer-already-running` if a living one has it; `usage` if the path can't be
 *   a socket's
 */
export async function serveControl(path: string, handler: ControlHandler): Promise<ControlServer> {
  await makeWay(path);
  const server = new Server(controlChannelOptions);
  const closing = new AbortController();
  server.addService(loadControl(), handlersOf(handler, closing.signal));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const open = new Set<Socket>();
  const sockets = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    injector.injectConnection(socket);
  });
  await listenPrivately(sockets, path);

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    const socketsClosed = once(sockets, 'close');
    sockets.close();
    closing.abort(new GridError('no-peer-running', 'The peer has stopped.'));
    // Whoever is suspended, or has connected and said nothing, would never close its end.
    const timer = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, closingMsMax);
    await new Promise((resolve) => server.tryShutdown(resolve));
    await socketsClosed;
    clearTimeout(timer);
  }
  return { close: () => (closed ??= close()) };
}

/** Leaves the path free, or throws. */
async function makeWay(path: string): Promise<void> {
  const presence = await presenceOn(path);
  if (presence === 'answering') throw await alreadyRunning(path);
  if (presence === 'absent') {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw cannotMake(path, error);
    }
    return;
  }
  if (!(await lstat(path)).isSocket()) {
    throw new GridError(
      'usage',
      `The control socket should be at ${path}, but a file that is no socket is there. Move it ` +
        'away, or choose another data folder with --data.',
    );
  }
  await unlink(path);
}

/** Only this process' owner can open the socket, from the moment it exists. */
async function listenPrivately(sockets: SocketServer, path: string): Promise<void> {
  // `listen` makes the socket file before it returns, so nothing else runs under this umask.
  const before = process.umask(0o177);
  try {
    sockets.listen(path);
  } finally {
    process.umask(before);
  }
  try {
    await once(sockets, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw await alreadyRunning(path);
    }
    throw cannotMake(path, error);
  }
}

function cannotMake(path: string, error: unknown): GridError {
  return new GridError(
    'store-failed',
    `Can't make the control socket ${path}: ${reasonOf(error)}. The data folder must be one in ` +
      'which you may write; choose it with --data.',
    { cause: error },
  );
}

/** Names the peer that has the socket, as far as it answers. */
async function alreadyRunning(path: string): Promise<GridError> {
  let who = `it listens on ${path}`;
  try {
    const client = await connectControl(path);
    try {
      const { pid, dataPath } = await client.status();
      who = `process ${pid}, data folder ${dataPath}`;
    } finally {
      client.close();
    }
  } catch {
    // It listens but doesn't answer: the path is all there is to say.
  }
  return new GridError(
    'peer-already-running',
    `A peer is running here already: ${who}. Stop it with \`manyhands finish\`, or run a second ` +
      'one in a data folder of its own with --data.',
  );
}

function handlersOf(handler: ControlHandler, closing: AbortSignal) {
  return {
    PutBlob: take((requests: AsyncIterable<Request<'PutBlob'>>) => {
      return handler.putBlob(piecesOf(requests));
    }, closing),
    Submit: answer((request: Request<'Submit'>) => handler.submit(request)),
    Watch: follow((request: Request<'Watch'>, signal) => handler.watch(request, signal), closing),
    Result: follow(
      (request: Request<'Result'>, signal) => handler.result(request, signal),
      closing,
    ),
    ExportAudit: follow(
      (request: Request<'ExportAudit'>, signal) => handler.exportAudit(request, signal),
      closing,
    ),
    ListJobs: answer((request: Request<'ListJobs'>) => handler.listJobs(request)),
    Cancel: answer((request: Request<'Cancel'>) => handler.cancel(request)),
    Forget: answer((request: Request<'Forget'>) => handler.forget(request)),
    ListPeers: answer((request: Request<'ListPeers'>) => handler.listPeers(request)),
    ListReceipts: answer((request: Request<'ListReceipts'>) => handler.listReceipts(request)),
    ExportBackup: follow(
      (request: Request<'ExportBackup'>, signal) => handler.exportBackup(request, signal),
      closing,
    ),
    Status: answer((request: Request<'Status'>) => handler.status(request)),
    Pause: answer((request: Request<'Pause'>) => handler.pause(request)),
    Resume: answer((request: Request<'Resume'>) => handler.resume(request)),
    Finish: answer((request: Request<'Finish'>) => handler.finish(request)),
  };
}

function answer<Q, R>(method: (request: Q) => Promise<R>): handleUnaryCall<Q, R> {
  return (call, callback) => {
    // Called in a promise, so that what it throws at once is caught as well.
    Promise.try(method, call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error)),
    );
  };
}

/** Reads no faster than the method takes what came. */
function take<Q, R>(
  method: (requests: AsyncIterable<Q>) => Promise<R>,
  closing: AbortSignal,
): handleClientStreamingCall<Q, R> {
  return (call, callback) => {
    const stop = (): unknown => call.destroy(closing.reason);
    closing.addEventListener('abort', stop, { once: true });
    Promise.try(() => method(untilCut(call)))
      .finally(() => closing.removeEventListener('abort', stop))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(error)),
      );
  };
}

async function* untilCut<Q, R>(call: ServerReadableStream<Q, R>): AsyncGenerator<Q> {
  // Left before its end, the call must stay open for the answer.
  for await (const request of call.iterator({ destroyOnReturn: false })) yield request;
  // One that was cancelled ends like any other, and says so right afterwards.
  await nextTurn();
  if (call.cancelled) throw new GridError('interrupted', 'The bytes to keep broke off.');
}

async function* piecesOf(requests: AsyncIterable<Request<'PutBlob'>>): AsyncGenerator<Uint8Array> {
  for await (const { piece } of requests) {
    if (piece.length > putPieceBytesMax) {
      throw new GridError(
        'usage',
        `A piece of a blob has up to ${putPieceBytesMax} bytes; this one has ${piece.length}.`,
      );
    }
    yield piece;
  }
}

function follow<Q, R>(
  method: (request: Q, signal: AbortSignal) => AsyncIterable<R>,
  closing: AbortSignal,
): handleServerStreamingCall<Q, R> {
  return (call) => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, closing]);
    // Whatever the method still waits for: once nobody reads, the call is over.
    const poured = Promise.try(() => pour(method(call.request, signal), call, signal));
    Promise.race([poured, aborted(signal)]).then(
      () => call.end(),
      (error: unknown) => call.emit('error', statusOf(error)),
    );
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Writes what comes, no faster than the client reads. */
async function pour<Q, R>(
  responses: AsyncIterable<R>,
  call: ServerWritableStream<Q, R>,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of responses) {
    signal.throwIfAborted();
    if (!call.write(response)) await once(call, 'drain', { signal });
  }
}

function statusOf(error: unknown): Partial<StatusObject> {
  const code: GridErrorCode = error instanceof GridError ? error.code : 'internal';
  const metadata = new Metadata();
  metadata.set(codeMetadataKey, code);
  return {
    code: code === 'internal' ? status.INTERNAL : status.FAILED_PRECONDITION,
    details: reasonOf(error).slice(0, errorCharsMax),
    metadata,
  };
}
