/**
 * The command line's side of the control API: promises and iterables instead of callbacks, and the
 * peer's `GridError`s thrown here as they were thrown there.
 */

import { once } from 'node:events';

import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';

import { GridError, gridErrorCodes } from '../model/errors.ts';
import type { ControlDefinition } from '../wire/generated/manyhands/control/v1/Control.ts';
import { loadControl } from '../wire/proto.ts';
import {
  codeMetadataKey,
  controlChannelOptions,
  presenceOn,
  putPieceBytesMax,
} from './control-socket.ts';

type Request<Name extends string> = Parameters<ControlDefinition[Name]['requestSerialize']>[0];
type Response<Name extends string> = ReturnType<ControlDefinition[Name]['responseDeserialize']>;

export type Job = NonNullable<Response<'Watch'>['job']>;
export type JobContribution = Job['contributions'][number];
export type Caught = Job['caught'][number];
export type Peer = Response<'ListPeers'>['peers'][number];
export type Receipt = Response<'ListReceipts'>['receipts'][number];
export type PeerStatus = Response<'Status'>;

/** Every method throws the peer's `GridError`, and `no-peer-running` once the peer is gone. */
export interface ControlClient {
  /**
   * Has the peer keep bytes that a job is going to name: its program, its data files. They are kept
   * until the peer starts the next time, and from then on if a job named them.
   * @param bytes what their pieces throw is thrown on
   */
  putBlob(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Response<'PutBlob'>>;
  submit(request: Request<'Submit'>): Promise<Response<'Submit'>>;
  /** Leaving the loop, or the signal, ends the call. */
  watch(request: Request<'Watch'>, signal?: AbortSignal): AsyncIterable<Response<'Watch'>>;
  result(request: Request<'Result'>, signal?: AbortSignal): AsyncIterable<Response<'Result'>>;
  exportAudit(
    request: Request<'ExportAudit'>,
    signal?: AbortSignal,
  ): AsyncIterable<Response<'ExportAudit'>>;
  listJobs(): Promise<Response<'ListJobs'>>;
  cancel(request: Request<'Cancel'>): Promise<Response<'Cancel'>>;
  forget(request: Request<'Forget'>): Promise<Response<'Forget'>>;
  listPeers(): Promise<Response<'ListPeers'>>;
  listReceipts(): Promise<Response<'ListReceipts'>>;
  exportBackup(signal?: AbortSignal): AsyncIterable<Response<'ExportBackup'>>;
  status(): Promise<Response<'Status'>>;
  pause(request: Request<'Pause'>): Promise<Response<'Pause'>>;
  resume(): Promise<Response<'Resume'>>;
  finish(): Promise<Response<'Finish'>>;
  close(): void;
}

/**
 * @param path the peer's control socket
 * @throws {GridError} `no-peer-running`, also when a dead peer left its socket behind
 */
export async function connectControl(path: string): Promise<ControlClient> {
  if ((await presenceOn(path)) !== 'answering') throw noPeerRunning(path);
  const client = new Client(`unix:${path}`, credentials.createInsecure(), controlChannelOptions);
  const service = loadControl();

  function ask<Q, R>(method: Method<Q, R>, request: Q): Promise<R> {
    return new Promise((resolve, reject) => {
      const { requestSerialize, responseDeserialize } = method;
      client.makeUnaryRequest(method.path, requestSerialize, responseDeserialize, request, done);
      function done(error: ServiceError | null, response?: R): void {
        if (error !== null) reject(gridErrorOf(error, path));
        else if (response === undefined) reject(new Error(`${method.path} answered nothing`));
        else resolve(response);
      }
    });
  }

  async function* follow<Q, R>(
    method: Method<Q, R>,
    request: Q,
    signal?: AbortSignal,
  ): AsyncGenerator<R> {
    const { requestSerialize, responseDeserialize } = method;
    const call = client.makeServerStreamRequest(
      method.path,
      requestSerialize,
      responseDeserialize,
      request,
    );
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      signal?.throwIfAborted();
      for await (const response of call) yield response;
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : gridErrorOf(error, path);
    } finally {
      signal?.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  return {
    putBlob: (bytes) => pour(client, path, service.PutBlob, piecesOf(bytes)),
    submit: (request) => ask(service.Submit, request),
    watch: (request, signal) => follow(service.Watch, request, signal),
    result: (request, signal) => follow(service.Result, request, signal),
    exportAudit: (request, signal) => follow(service.ExportAudit, request, signal),
    listJobs: () => ask(service.ListJobs, {}),
    cancel: (request) => ask(service.Cancel, request),
    forget: (request) => ask(service.Forget, request),
    listPeers: () => ask(service.ListPeers, {}),
    listReceipts: () => ask(service.ListReceipts, {}),
    exportBackup: (signal) => follow(service.ExportBackup, {}, signal),
    status: () => ask(service.Status, {}),
    pause: (request) => ask(service.Pause, request),
    resume: () => ask(service.Resume, {}),
    finish: () => ask(service.Finish, {}),
    close: () => client.close(),
  };
}

/** Sends no faster than the peer takes, and no more once it has answered. */
async function pour<Q, R>(
  client: Client,
  path: string,
  method: Method<Q, R>,
  requests: AsyncIterator<Q>,
): Promise<R> {
  const { requestSerialize, responseDeserialize } = method;
  const answer = Promise.withResolvers<R>();
  const answered = new AbortController();
  const call = client.makeClientStreamRequest(
    method.path,
    requestSerialize,
    responseDeserialize,
    (error: ServiceError | null, response?: R) => {
      if (error !== null) answer.reject(gridErrorOf(error, path));
      else if (response === undefined) answer.reject(new Error(`${method.path} answered nothing`));
      else answer.resolve(response);
      answered.abort();
    },
  );
  async function send(): Promise<R> {
    for (let next = await requests.next(); next.done !== true; next = await requests.next()) {
      if (answered.signal.aborted) return answer.promise;
      if (call.write(next.value)) continue;
      await once(call, 'drain', { signal: answered.signal }).catch(() => undefined);
    }
    call.end();
    return answer.promise;
  }
  try {
    return await Promise.race([send(), answer.promise]);
  } catch (error) {
    call.cancel();
    throw error;
  } finally {
    // Not waited for: what it is in the middle of may take for ever.
    requests.return?.().catch(() => undefined);
  }
}

async function* piecesOf(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Request<'PutBlob'>> {
  for await (const some of bytes instanceof Uint8Array ? [bytes] : bytes) {
    for (let at = 0; at < some.length; at += putPieceBytesMax) {
      yield { piece: some.subarray(at, at + putPieceBytesMax) };
    }
  }
}

type Method<Q, R> = {
  readonly path: string;
  readonly requestSerialize: (request: Q) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => R;
};

function gridErrorOf(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('details' in error) || !('metadata' in error)) return error;
  const { details, metadata } = error;
  const sent = metadata instanceof Metadata ? metadata.get(codeMetadataKey)[0] : undefined;
  const code = gridErrorCodes.find((each) => each === sent);
  if (code !== undefined) return new GridError(code, String(details), { cause: error });
  if ('code' in error && error.code === status.UNAVAILABLE) {
    return new GridError(
      'no-peer-running',
      `The peer at ${path} went away before it had answered. Start it again with ` +
        '`manyhands join`; `manyhands jobs` then shows what it kept.',
      { cause: error },
    );
  }
  return new GridError('internal', `The peer at ${path} failed: ${String(details)}`, {
    cause: error,
  });
}

function noPeerRunning(path: string): GridError {
  return new GridError(
    'no-peer-running',
    `No peer is running here: nobody listens on ${path}. Start one with \`manyhands join\`, or ` +
      'name the data folder of the one that runs with --data.',
  );
}
