import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { epochNs } from '../../../src/sandbox/wasi-clock.ts';
import { WasiCaller } from '../../support/wasi-caller.ts';

const second = 1_000_000_000n;
const eventCountAt = 0;
const eventsAt = 32_768;
const eventBytes = 32;

type Wait =
  | { readonly clock: number; readonly ns: bigint; readonly absolute?: boolean }
  | { readonly fd: number; readonly type: number };

/** Subscriptions as bytes; their user data counts from 100. */
function subscriptions(waits: readonly Wait[]): Uint8Array {
  const bytes = Buffer.alloc(48 * waits.length);
  for (const [index, wait] of waits.entries()) {
    const at = 48 * index;
    bytes.writeBigUInt64LE(100n + BigInt(index), at);
    if ('clock' in wait) {
      bytes.writeUInt32LE(wait.clock, at + 16);
      bytes.writeBigUInt64LE(wait.ns, at + 24);
      bytes.writeUInt16LE(wait.absolute === true ? 1 : 0, at + 40);
    } else {
      bytes.writeUInt8(wait.type, at + 8);
      bytes.writeUInt32LE(wait.fd, at + 16);
    }
  }
  return bytes;
}

function poll(caller: WasiCaller, waits: readonly Wait[]): unknown {
  const [at] = caller.put(subscriptions(waits));
  const errno = caller.call('poll_oneoff', at, eventsAt, waits.length, eventCountAt);
  if (errno !== wasi.ERRNO_SUCCESS) return errno;
  return Array.from({ length: caller.result.u32 }, (_, index) => {
    const event = caller.bytes(eventsAt + eventBytes * index, eventBytes);
    return {
      wait: Number(event.readBigUInt64LE(0)) - 100,
      errno: event.readUInt16LE(8),
      type: event.readUInt8(10),
      bytes: Number(event.readBigUInt64LE(16)),
    };
  });
}

const ready = { errno: wasi.ERRNO_SUCCESS, type: wasi.EVENTTYPE_CLOCK, bytes: 0 };

test('who waits for a clock is told at once that the time has passed', () => {
  const caller = new WasiCaller();
  expect(poll(caller, [{ clock: wasi.CLOCKID_MONOTONIC, ns: 3600n * second }])).toEqual([
    { wait: 0, ...ready },
  ]);
  expect(caller.run.clock.now(wasi.CLOCKID_MONOTONIC)).toBe(3600n * second);
});

test('of several clocks the nearest moment comes, and all that are due by then', () => {
  const caller = new WasiCaller();
  const waits = [
    { clock: wasi.CLOCKID_MONOTONIC, ns: 9n * second },
    { clock: wasi.CLOCKID_REALTIME, ns: epochNs + 5n * second, absolute: true },
    { clock: wasi.CLOCKID_MONOTONIC, ns: 5n * second, absolute: true },
  ];
  expect(poll(caller, waits)).toEqual([
    { wait: 1, ...ready },
    { wait: 2, ...ready },
  ]);
  expect(caller.run.clock.now(wasi.CLOCKID_MONOTONIC)).toBe(5n * second);
});

test('a moment in the past is due without a sleep', () => {
  const caller = new WasiCaller();
  expect(poll(caller, [{ clock: wasi.CLOCKID_REALTIME, ns: 1n, absolute: true }])).toHaveLength(1);
  expect(caller.run.clock.now(wasi.CLOCKID_MONOTONIC)).toBe(0n);
});

test('streams and files are ready at once, so that no time passes', () => {
  const caller = new WasiCaller({ files: [{ path: 'data', bytes: Buffer.from('12345') }] });
  const fd = caller.descriptor('data');
  const waits = [
    { clock: wasi.CLOCKID_MONOTONIC, ns: second },
    { fd: 0, type: wasi.EVENTTYPE_FD_READ },
    { fd: 1, type: wasi.EVENTTYPE_FD_WRITE },
    { fd, type: wasi.EVENTTYPE_FD_READ },
    { fd: 77, type: wasi.EVENTTYPE_FD_READ },
  ];
  const read = { errno: wasi.ERRNO_SUCCESS, type: wasi.EVENTTYPE_FD_READ };
  expect(poll(caller, waits)).toEqual([
    { wait: 1, ...read, bytes: 'a chunk'.length },
    { wait: 2, ...read, type: wasi.EVENTTYPE_FD_WRITE, bytes: 0 },
    { wait: 3, ...read, bytes: 5 },
    { wait: 4, ...read, errno: wasi.ERRNO_BADF, bytes: 0 },
  ]);
  expect(caller.run.clock.now(wasi.CLOCKID_MONOTONIC)).toBe(0n);
});

test('clocks that nobody can wait for are errors of their own', () => {
  const [event] = [poll(new WasiCaller(), [{ clock: 2, ns: second }])];
  expect(event).toEqual([{ wait: 0, ...ready, errno: wasi.ERRNO_INVAL }]);
});

test('no subscriptions, too many, or of an unknown kind are refused', () => {
  const caller = new WasiCaller();
  expect(poll(caller, [])).toBe(wasi.ERRNO_INVAL);
  expect(poll(caller, [{ fd: 0, type: 3 }])).toBe(wasi.ERRNO_INVAL);
  for (const count of [4097, -1]) {
    expect(caller.call('poll_oneoff', 1024, eventsAt, count, 0)).toBe(wasi.ERRNO_INVAL);
  }
});
