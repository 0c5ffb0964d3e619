import { EventEmitter } from 'node:events';

import { status as Status } from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';

import { limits } from '../../../src/model/limits.ts';
import { ResultPuts } from '../../../src/transport/result-puts.ts';
import { decodePutRequest, encodePutOffset } from '../../../src/wire/put-codec.ts';
import { someJob, someResult } from '../../support/wire-samples.ts';

const value = Buffer.alloc(1_000_000, 'x');
/** The default of one second may pass there before anybody else has had a turn. */
const onBusyMachine = { timeout: 30_000 };

/** A call as gRPC has it, whose other side says what a test has it say. */
class FakeCall extends EventEmitter {
  readonly sent: string[] = [];
  /** Whether what is written leaves at once. */
  takes = true;
  #left = (): void => undefined;

  write(bytes: Buffer, done: () => void): boolean {
    const decoded = decodePutRequest(bytes);
    this.sent.push(decoded.type === 'message' ? decoded.message.type : decoded.type);
    this.#left = done;
    if (this.takes) queueMicrotask(done);
    return true;
  }

  /** What was written last has left. */
  take(): void {
    this.#left();
  }

  answer(offsetBytes: number): void {
    this.emit('data', encodePutOffset(offsetBytes));
  }

  fail(code: Status): void {
    this.emit('error', Object.assign(new Error('no'), { code, details: 'no' }));
  }

  cancel(): void {
    this.emit('cancelled');
  }
}

function putting() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const calls: FakeCall[] = [];
  const told: number[] = [];
  const taken: number[] = [];
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const counters = { bytesIn: 0, bytesOut: 0 };
  const makeBidiStreamRequest = () => {
    const call = new FakeCall();
    calls.push(call);
    return call;
  };
  const puts = new ResultPuts(
    Object({ log, counters }),
    Object({ client: { makeBidiStreamRequest } }),
    { onPut: (_job, { lease }) => void told.push(lease), onTaken: (bytes) => taken.push(bytes) },
  );
  puts.add(someJob, someResult(1, value));
  const next = async (index: number): Promise<FakeCall> => {
    for (let left = 100; left > 0 && calls[index] === undefined; left--) {
      await vi.advanceTimersByTimeAsync(500);
    }
    const call = calls[index];
    if (call === undefined) throw new Error('there is no such call');
    return call;
  };
  return { puts, calls, told, taken, next };
}

test('a value is sent behind what is there, and named when the call has ended well', async () => {
  const { told, next } = putting();
  const call = await next(0);
  call.answer(value.length - limits.putPieceBytes - 1);
  await vi.waitUntil(() => call.sent.length === 3, onBusyMachine);
  expect(call.sent).toEqual(['begin', 'piece', 'piece']);
  expect(told).toEqual([]);
  call.emit('end');
  await vi.waitUntil(() => told.length === 1, onBusyMachine);
});

test('how much was taken is told, once a second at most', async () => {
  const { puts, taken, next } = putting();
  const call = await next(0);
  call.takes = false;
  call.answer(0);
  const { putPieceBytes } = limits;
  for (let pieces = 1; pieces <= 7; pieces++) {
    await vi.advanceTimersByTimeAsync(400);
    call.take();
  }
  // At 400 ms, 1600 ms and 2800 ms.
  expect(taken).toEqual([putPieceBytes, 3 * putPieceBytes, 3 * putPieceBytes]);
  puts.close();
});

test('a requester that answers again and again is not sent the value each time', async () => {
  const { told, next } = putting();
  const call = await next(0);
  call.takes = false;
  for (let times = 0; times < 1_000; times++) call.answer(0);
  expect(call.sent).toEqual(['begin', 'piece']);
  await vi.waitUntil(() => told.length === 1, onBusyMachine);
});

test('who has no room is waited for, however long that takes', async () => {
  const { puts, told, next } = putting();
  for (let index = 0; index < 20; index++) (await next(index)).fail(Status.RESOURCE_EXHAUSTED);
  expect(told).toEqual([]);
  puts.close();
});

test.each([
  ['that fails six times and comes no further', Status.UNAVAILABLE, 6],
  ['that can never do', Status.UNIMPLEMENTED, 1],
  ['that is not wanted', Status.FAILED_PRECONDITION, 1],
])('a value %s is named without it', async (_what, code, attempts) => {
  const { calls, told, next } = putting();
  for (let index = 0; index < attempts; index++) (await next(index)).fail(code);
  await vi.waitUntil(() => told.length === 1, onBusyMachine);
  expect(calls).toHaveLength(attempts);
});

test('as long as it comes further it goes on', async () => {
  const { puts, told, next } = putting();
  for (let index = 0; index < 12; index++) {
    const call = await next(index);
    call.answer((index + 1) * 1_000);
    call.fail(Status.UNAVAILABLE);
  }
  expect(told).toEqual([]);
  puts.close();
});

test('nothing is tried once the stream is over', async () => {
  const { puts, calls, told, next } = putting();
  (await next(0)).fail(Status.UNAVAILABLE);
  puts.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls).toHaveLength(1);
  expect(told).toEqual([]);
});
