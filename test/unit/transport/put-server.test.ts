import { EventEmitter } from 'node:events';

import { status as Status } from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';

import type { PeerId } from '../../../src/model/ids.ts';
import { limits } from '../../../src/model/limits.ts';
import { pieceMsMax } from '../../../src/transport/blob-pace.ts';
import { PutServer } from '../../../src/transport/put-server.ts';
import { encodePutBegin, encodePutPiece } from '../../../src/wire/put-codec.ts';
import { someDigest, someJob, someKey } from '../../support/wire-samples.ts';

/** A call as gRPC has it. */
class FakeCall extends EventEmitter {
  readonly ended = Promise.withResolvers<Status>();
  readonly written: Buffer[] = [];
  readonly #ip: string;

  constructor(ip: string) {
    super();
    this.#ip = ip;
    this.on('error', ({ code }: { code: Status }) => this.ended.resolve(code));
  }

  getPeer(): string {
    return `${this.#ip}:1`;
  }

  pause(): void {
    this.emit('paused');
  }

  resume(): void {
    this.emit('resumed');
  }

  write(bytes: Buffer): void {
    this.written.push(bytes);
  }

  end(): void {
    this.ended.resolve(Status.OK);
  }

  say(bytes: Buffer): void {
    this.emit('data', bytes);
  }
}

function serving() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const log = { debug: () => undefined };
  const counters = { bytesIn: 0, bytesOut: 0, framesRejected: 0 };
  const closed: number[] = [];
  const value = {
    offsetBytes: 0,
    isComplete: false,
    add: async () => true,
    check: async () => true,
    close: async () => void closed.push(1),
  };
  const places = {
    isWanted: () => true,
    begin: async () => value,
    take: async () => undefined,
  };
  const server = new PutServer(Object({ log, counters }), places);
  const put = (peer: PeerId = someKey().peer, ip = '192.0.2.1'): FakeCall => {
    const call = new FakeCall(ip);
    server.accept(Object(call), peer);
    return call;
  };
  return { server, put, closed };
}

const begin = encodePutBegin({
  job: someJob,
  lease: 1,
  chunk: 1,
  digest: someDigest,
  bytes: 2_000_000,
});

test('who says what nobody knows, and does not begin, is ended all the same', async () => {
  const { put } = serving();
  const call = put();
  for (let part = 0; part < 2; part++) {
    call.say(Buffer.alloc(0));
    await vi.advanceTimersByTimeAsync(pieceMsMax / 2);
  }
  expect(await call.ended.promise).toBe(Status.DEADLINE_EXCEEDED);
});

test('those who have not begun leave room for those who have', async () => {
  const { put } = serving();
  for (let count = 0; count < 2 * limits.putsMax; count++) put();
  const call = put();
  call.say(begin);
  await expect.poll(() => call.written).toHaveLength(1);
});

test('when all places are taken, a network with many of them gives up one', async () => {
  const { put, closed } = serving();
  const crowd = Array.from({ length: limits.putsMax }, () => put());
  for (const call of crowd) call.say(begin);
  await expect.poll(() => crowd.every(({ written }) => written.length === 1)).toBe(true);
  const same = put();
  same.say(begin);
  expect(await same.ended.promise).toBe(Status.RESOURCE_EXHAUSTED);
  const other = put(someKey().peer, '198.51.100.1');
  other.say(begin);
  await expect.poll(() => other.written).toHaveLength(1);
  expect(await crowd.at(-1)?.ended.promise).toBe(Status.RESOURCE_EXHAUSTED);
  expect(closed).toHaveLength(1);
});

test('who sends a piece now and then is ended by the time that all of it may take', async () => {
  const { put, closed } = serving();
  const call = put();
  call.say(begin);
  for (let seconds = 0; seconds < 200; seconds += 10) {
    call.say(encodePutPiece(Buffer.alloc(1)));
    await vi.advanceTimersByTimeAsync(10_000);
  }
  expect(await call.ended.promise).toBe(Status.DEADLINE_EXCEEDED);
  expect(closed).toHaveLength(1);
});
