import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { wasiParams } from '../../../src/sandbox/wasi-functions.ts';
import { programEnded } from '../../../src/sandbox/wasi-run.ts';
import { createRandom, type Random } from '../../../src/protocol/random.ts';
import { rights, WasiCaller } from '../../support/wasi-caller.ts';

const memoryBytes = 4 * 65_536;
const resultAt = 0;
const data = { path: 'data', bytes: Buffer.from('0123456789') };

/** Why the run ended, after a call that must have ended it. */
function endOf(caller: WasiCaller, call: () => unknown): unknown {
  expect(call).toThrow(programEnded);
  return caller.run.ended;
}

test('arguments and environment arrive as bytes, whatever their script', () => {
  const caller = new WasiCaller({
    arguments: ['prog', 'Zürich', '東京', '🦀'],
    environment: ['A=ä'],
  });
  caller.call('args_sizes_get', 0, 4);
  const [count, bytes] = [caller.view.getUint32(0, true), caller.view.getUint32(4, true)];
  expect([count, bytes]).toEqual([4, Buffer.byteLength('prog\0Zürich\0東京\0🦀\0')]);
  caller.call('args_get', 0, 1024);
  expect(caller.bytes(1024, bytes).toString()).toBe('prog\0Zürich\0東京\0🦀\0');
  expect(Array.from({ length: 4 }, (_, n) => caller.view.getUint32(4 * n, true))).toEqual([
    1024,
    1024 + 5,
    1024 + 5 + 8,
    1024 + 5 + 8 + 7,
  ]);
  caller.call('environ_sizes_get', 0, 4);
  expect(caller.view.getUint32(4, true)).toBe(Buffer.byteLength('A=ä\0'));
  caller.call('environ_get', 0, 1024);
  expect(caller.bytes(1024, 5).toString()).toBe('A=ä\0');
});

test('every function of WASI is there', () => {
  const caller = new WasiCaller();
  // Memory of zeros and parameters of zeros: whatever they say, they say it without throwing.
  const answers = [...wasiParams]
    .filter(([name]) => name !== 'proc_exit' && name !== 'proc_raise')
    .map(([name, params]) =>
      caller.call(name, ...Array.from(params, (letter) => (letter === 'i' ? 0 : 0n))),
    );
  for (const answer of answers) expect(answer).toBeTypeOf('number');
});

test('sockets are not supported', () => {
  const caller = new WasiCaller();
  for (const name of ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown']) {
    expect(caller.call(name, 0, 0, 0, 0, 0, 0)).toBe(wasi.ERRNO_NOTSUP);
  }
  expect(caller.call('sched_yield')).toBe(wasi.ERRNO_SUCCESS);
});

test('proc_exit and proc_raise end the run, and nothing after them counts', () => {
  const caller = new WasiCaller();
  const exit = { type: 'exit', code: 7 };
  expect(endOf(caller, () => caller.call('proc_exit', 7))).toEqual(exit);
  expect(endOf(caller, () => caller.call('proc_exit', 0))).toEqual(exit);
  expect(endOf(caller, () => caller.write(1, 'more'))).toEqual(exit);
  expect(caller.run.stdout.bytes.byteLength).toBe(0);
  const raised = new WasiCaller();
  expect(endOf(raised, () => raised.call('proc_raise', 6))).toMatchObject({
    kind: 'threw',
    message: 'raised signal 6',
  });
});

test('a call before the memory can be seen ends the run with a word on why', () => {
  const caller = new WasiCaller();
  caller.run.memory = undefined;
  expect(endOf(caller, () => caller.call('fd_write', 1, 0, 0, 0))).toMatchObject({
    kind: 'threw',
    message: 'fd_write: called before its memory could be seen, in its start function',
  });
});

test('an address at which a result has no room ends the run, however high', () => {
  for (const at of [memoryBytes - 3, memoryBytes, 2 ** 31, -1]) {
    const caller = new WasiCaller();
    expect(endOf(caller, () => caller.call('clock_time_get', 0, 0n, at))).toMatchObject({
      kind: 'threw',
      message: 'clock_time_get: was given an address outside of its memory',
    });
  }
});

test('buffers outside of memory, too many of them, or too much in them are refused', () => {
  const caller = new WasiCaller({ files: [data] });
  const fd = caller.descriptor('data');
  for (const [name, ...rest] of [
    ['fd_read', fd],
    ['fd_pread', fd, 0n],
    ['fd_write', 2],
    ['fd_pwrite', fd, 0n],
  ] as const) {
    const [descriptor, ...offset] = rest;
    const call = (at: number, count: number): unknown =>
      caller.call(name, descriptor, at, count, ...offset, resultAt);
    expect(call(-8, 1)).toBe(wasi.ERRNO_FAULT);
    expect(call(memoryBytes - 7, 1)).toBe(wasi.ERRNO_FAULT);
    expect(call(0, 1025)).toBe(wasi.ERRNO_INVAL);
    expect(call(0, -1)).toBe(wasi.ERRNO_INVAL);
    expect(call(0, 1e9)).toBe(wasi.ERRNO_INVAL);
    expect(call(...caller.putBuffers([memoryBytes - 1, 2]))).toBe(wasi.ERRNO_FAULT);
    expect(call(...caller.putBuffers([2 ** 32 - 1, 2 ** 32 - 1]))).toBe(wasi.ERRNO_FAULT);
    expect(call(...caller.putBuffers([0, 1], [0, memoryBytes + 1]))).toBe(wasi.ERRNO_FAULT);
  }
  expect(caller.run.stderr.text).toBe('');
});

test('one call moves less than 4 GiB, though its buffers may overlap', () => {
  const bytes = 4 * 1024 * 1024;
  const memory = new WebAssembly.Memory({ initial: 65, maximum: 65 });
  const caller = new WasiCaller();
  caller.attach(memory);
  const buffers = Array.from({ length: 1024 }, () => [0, bytes] as const);
  expect(caller.call('fd_write', 2, ...caller.putBuffers(...buffers), 64)).toBe(wasi.ERRNO_INVAL);
});

test('a path is at most 4096 bytes, within memory, and UTF-8 without a byte order mark', () => {
  const caller = new WasiCaller({ files: [data] });
  expect(caller.open('a'.repeat(4097))).toBe(wasi.ERRNO_NAMETOOLONG);
  expect(caller.open(`${'./'.repeat(2046)}data`)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.open(Uint8Array.of(0x66, 0xff))).toBe(wasi.ERRNO_ILSEQ);
  expect(caller.open('\uFEFFdata')).toBe(wasi.ERRNO_ILSEQ);
  expect(caller.open('da\0ta')).toBe(wasi.ERRNO_INVAL);
  const at = memoryBytes - 1;
  for (const [name, ...args] of [
    ['path_create_directory', 3, at, 2],
    ['path_filestat_get', 3, 0, at, 2, resultAt],
    ['path_filestat_set_times', 3, 0, at, 2, 0n, 0n, 0],
    ['path_link', 3, 0, at, 2, 3, 0, 1],
    ['path_link', 3, 0, 0, 1, 3, at, 2],
    ['path_open', 3, 0, at, 2, 0, 0n, 0n, 0, resultAt],
    ['path_readlink', 3, at, 2, 0, 8, resultAt],
    ['path_remove_directory', 3, at, 2],
    ['path_rename', 3, at, 2, 3, 0, 1],
    ['path_rename', 3, 0, 1, 3, at, 2],
    ['path_symlink', at, 2, 3, 0, 1],
    ['path_symlink', 0, 1, 3, at, 2],
    ['path_unlink_file', 3, at, 2],
  ] as const) {
    expect([name, caller.call(name, ...args)]).toEqual([name, wasi.ERRNO_FAULT]);
  }
});

test('random bytes fill what was asked for, and only within memory', () => {
  const caller = new WasiCaller();
  const again = new WasiCaller();
  for (const { call } of [caller, again].map((caller) => ({ call: caller.call.bind(caller) }))) {
    expect(call('random_get', 100, 5)).toBe(wasi.ERRNO_SUCCESS);
    expect(call('random_get', 105, memoryBytes - 105)).toBe(wasi.ERRNO_SUCCESS);
    expect(call('random_get', memoryBytes - 1, 2)).toBe(wasi.ERRNO_FAULT);
    expect(call('random_get', 0, -1)).toBe(wasi.ERRNO_FAULT);
  }
  expect(caller.bytes(0, 100)).toEqual(Buffer.alloc(100));
  expect(caller.bytes(0, memoryBytes)).toEqual(again.bytes(0, memoryBytes));
});

test('a descriptor gets the lowest number that is free', () => {
  const caller = new WasiCaller({ files: [data] });
  expect([caller.descriptor('data'), caller.descriptor('data')]).toEqual([4, 5]);
  expect(caller.call('fd_close', 4)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.call('fd_close', 4)).toBe(wasi.ERRNO_BADF);
  expect(caller.call('fd_close', 0)).toBe(wasi.ERRNO_SUCCESS);
  expect([caller.descriptor('data'), caller.descriptor('data')]).toEqual([0, 4]);
});

test('a program can have 1024 descriptors and no more', () => {
  const caller = new WasiCaller({ files: [data] });
  for (let fd = 4; fd < 1024; fd += 1) expect(caller.descriptor('data')).toBe(fd);
  const oflags = wasi.OFLAGS_CREAT;
  expect(caller.open('new', { oflags })).toBe(wasi.ERRNO_MFILE);
  expect(caller.stat('new')).toBe(wasi.ERRNO_NOENT);
  caller.call('fd_close', 500);
  expect(caller.descriptor('data')).toBe(500);
});

test('a descriptor can be renumbered, to itself too', () => {
  const caller = new WasiCaller({ files: [data] });
  const fd = caller.descriptor('data');
  expect(caller.call('fd_renumber', fd, fd)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.call('fd_renumber', fd, 0)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.read(0)).toBe('0123456789');
  for (const [from, to] of [
    [fd, 0],
    [0, fd],
    [99, 99],
    [0, -1],
  ] as const) {
    expect(caller.call('fd_renumber', from, to)).toBe(wasi.ERRNO_BADF);
  }
});

test('a descriptor that is not open is none, for every call', () => {
  const caller = new WasiCaller();
  const onDescriptors = [...wasiParams].filter(([name]) => /^(fd|path)_/.test(name));
  for (const [name, params] of onDescriptors) {
    const firstFd = name === 'path_symlink' ? 2 : 0;
    for (const fd of [4, 2 ** 31, -1]) {
      const args = Array.from(params, (letter, at) =>
        letter === 'I' ? 0n : at === firstFd ? fd : 0,
      );
      expect([name, caller.call(name, ...args)]).toEqual([name, wasi.ERRNO_BADF]);
    }
  }
});

test('the root folder is open from the start under its name', () => {
  const caller = new WasiCaller();
  expect(caller.call('fd_prestat_get', 3, 8)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.bytes(8, 8)).toEqual(Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]));
  expect(caller.call('fd_prestat_dir_name', 3, 8, 1)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.bytes(8, 1).toString()).toBe('/');
  const tmp = caller.descriptor('tmp');
  expect([0, 4, tmp].map((fd) => caller.call('fd_prestat_get', fd, 8))).toEqual([
    wasi.ERRNO_NOTSUP,
    wasi.ERRNO_BADF,
    wasi.ERRNO_BADF,
  ]);
});

test('what is written before a buffer that finds no room is written', () => {
  const caller = new WasiCaller({ chunk: { memoryBytesMax: 1024 } });
  const fd = caller.descriptor('out', { oflags: wasi.OFLAGS_CREAT, rights: rights.both });
  const buffers = caller.putBuffers([0, 1000], [0, 1000]);
  expect(caller.call('fd_write', fd, ...buffers, resultAt)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.result.u32).toBe(1000);
  expect(caller.call('fd_write', fd, ...caller.putBuffers([0, 1000]), resultAt)).toBe(
    wasi.ERRNO_NOSPC,
  );
});

const someNumbers = [0, 1, 2, 3, 4, 5, 8, 64, 1024, 4096, memoryBytes - 8, memoryBytes, -1];

test('whatever numbers a program passes, it is answered with an error number or ended', () => {
  const random = createRandom(1);
  const names = [...wasiParams.keys()].filter((name) => !name.startsWith('proc_'));
  const thrown = new Set<unknown>();
  const ends = new Set<unknown>();
  for (let round = 0; round < 300; round += 1) {
    const caller = new WasiCaller({ files: [data], chunk: { seed: String(round) } });
    caller.run.random.writeTo(new Uint8Array(caller.memory.buffer, 0, 2048));
    caller.put('tmp/x');
    try {
      while (caller.run.ended === undefined) {
        const name = pick(random, names);
        const args = Array.from(wasiParams.get(name) ?? '', (letter) =>
          letter === 'i' ? pick(random, someNumbers) : BigInt(pick(random, someNumbers)),
        );
        expect(caller.call(name, ...args)).toBeTypeOf('number');
      }
    } catch (error) {
      thrown.add(error);
    }
    const { ended } = caller.run;
    if (ended?.type === 'failure') ends.add(ended.message.replace(/^\w+: /, ''));
  }
  expect(thrown).toEqual(new Set([programEnded]));
  expect(ends).toEqual(new Set(['was given an address outside of its memory']));
});

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
