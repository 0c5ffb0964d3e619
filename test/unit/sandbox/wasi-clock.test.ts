import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { WasiCaller } from '../../support/wasi-caller.ts';

const second = 1_000_000_000n;
const millisecond = 1_000_000n;
const resultAt = 0;

function look(caller: WasiCaller, clock: number): bigint {
  expect(caller.call('clock_time_get', clock, 1n, resultAt)).toBe(wasi.ERRNO_SUCCESS);
  return caller.result.u64;
}

test('time begins with the year 2000 and passes by a millisecond a look', () => {
  const caller = new WasiCaller();
  const begin = BigInt(Date.UTC(2000, 0, 1)) * millisecond;
  expect(look(caller, wasi.CLOCKID_REALTIME)).toBe(begin + millisecond);
  expect(look(caller, wasi.CLOCKID_REALTIME)).toBe(begin + 2n * millisecond);
  expect(look(caller, wasi.CLOCKID_MONOTONIC)).toBe(3n * millisecond);
  expect(look(caller, wasi.CLOCKID_PROCESS_CPUTIME_ID)).toBe(4n * millisecond);
  expect(look(caller, wasi.CLOCKID_THREAD_CPUTIME_ID)).toBe(5n * millisecond);
});

test('two runs tell the same time', () => {
  const [first, second] = [new WasiCaller(), new WasiCaller()].map((caller) =>
    Array.from({ length: 10 }, () => look(caller, wasi.CLOCKID_REALTIME)),
  );
  expect(first).toEqual(second);
});

test('a sleep takes no time of the processor', () => {
  const caller = new WasiCaller();
  caller.run.clock.sleep(5n * second);
  expect(look(caller, wasi.CLOCKID_MONOTONIC)).toBe(5n * second + millisecond);
  expect(look(caller, wasi.CLOCKID_PROCESS_CPUTIME_ID)).toBe(2n * millisecond);
});

test('however long a program sleeps, its clocks go on and fit 64 bits', () => {
  const caller = new WasiCaller();
  for (let times = 0; times < 10; times += 1) caller.run.clock.sleep(2n ** 64n - 1n);
  const before = look(caller, wasi.CLOCKID_REALTIME);
  const after = look(caller, wasi.CLOCKID_REALTIME);
  expect(after).toBe(before + millisecond);
  expect(after).toBeLessThan(2n ** 63n);
});

test('all clocks have the same resolution, and there are no others', () => {
  const caller = new WasiCaller();
  for (const clock of [0, 1, 2, 3]) {
    expect(caller.call('clock_res_get', clock, resultAt)).toBe(wasi.ERRNO_SUCCESS);
    expect(caller.result.u64).toBe(millisecond);
  }
  expect(caller.call('clock_res_get', 4, resultAt)).toBe(wasi.ERRNO_INVAL);
  expect(caller.call('clock_time_get', -1, 1n, resultAt)).toBe(wasi.ERRNO_INVAL);
});
