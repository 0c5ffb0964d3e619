import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { epochNs } from '../../../src/sandbox/wasi-clock.ts';
import { rights, WasiCaller } from '../../support/wasi-caller.ts';

const KiB = 1024;
const resultAt = 0;
const huge = [2n ** 40n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n] as const;

function seek(caller: WasiCaller, fd: number, offset: bigint, whence: number): unknown {
  return caller.call('fd_seek', fd, offset, whence, resultAt);
}

test('what is written is read again, from wherever', () => {
  const caller = new WasiCaller();
  const fd = caller.file('notes', 'hello world');
  expect(caller.read(fd)).toBe('');
  expect(seek(caller, fd, 6n, wasi.WHENCE_SET)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.read(fd)).toBe('world');
  expect(seek(caller, fd, -5n, wasi.WHENCE_END)).toBe(wasi.ERRNO_SUCCESS);
  caller.write(fd, 'W');
  expect(seek(caller, fd, -1n, wasi.WHENCE_CUR)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.result.u64).toBe(6n);
  expect(caller.read(fd)).toBe('World');
  expect(caller.call('fd_tell', fd, resultAt)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.result.u64).toBe(11n);
  expect(caller.read(caller.descriptor('notes'))).toBe('hello World');
});

test('reading and writing at an offset leave the position alone', () => {
  const caller = new WasiCaller();
  const fd = caller.file('notes', '0123');
  expect(caller.call('fd_pwrite', fd, ...caller.putBuffers(caller.put('xy')), 6n, resultAt)).toBe(
    0,
  );
  const buffer = caller.put(new Uint8Array(16));
  expect(caller.call('fd_pread', fd, ...caller.putBuffers(buffer), 2n, resultAt)).toBe(0);
  expect(caller.bytes(buffer[0], caller.result.u32).toString()).toBe('23\0\0xy');
  expect(caller.read(fd)).toBe('\0\0xy');
});

test('seeking before the beginning or beyond all numbers is refused', () => {
  const caller = new WasiCaller();
  const fd = caller.file('notes', '0123');
  for (const [offset, whence] of [
    [-1n, wasi.WHENCE_SET],
    [-5n, wasi.WHENCE_END],
    [-5n, wasi.WHENCE_CUR],
    [-(2n ** 63n), wasi.WHENCE_END],
    [2n ** 63n - 1n, wasi.WHENCE_CUR],
    [0n, 3],
  ] as const) {
    expect(seek(caller, fd, offset, whence)).toBe(wasi.ERRNO_INVAL);
  }
  expect(seek(caller, fd, 0n, wasi.WHENCE_CUR)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.result.u64).toBe(4n);
});

test('huge sizes and offsets find no room, and cost none', () => {
  const caller = new WasiCaller();
  const fd = caller.file('notes', '0123');
  for (const offset of huge) {
    expect(caller.call('fd_filestat_set_size', fd, offset)).toBe(wasi.ERRNO_NOSPC);
    expect(caller.call('fd_allocate', fd, 0n, offset)).toBe(wasi.ERRNO_NOSPC);
    expect(caller.call('fd_allocate', fd, offset, offset)).toBe(wasi.ERRNO_NOSPC);
    const buffers = caller.putBuffers([0, 8]);
    expect(caller.call('fd_pwrite', fd, ...buffers, offset, resultAt)).toBe(wasi.ERRNO_NOSPC);
    expect(caller.call('fd_pread', fd, ...buffers, offset, resultAt)).toBe(wasi.ERRNO_SUCCESS);
    expect(caller.result.u32).toBe(0);
  }
  expect(seek(caller, fd, 2n ** 53n - 1n, wasi.WHENCE_SET)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.write(fd, 'x')).toBe(wasi.ERRNO_NOSPC);
  expect(caller.write(fd, '')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.read(fd)).toBe('');
  expect(caller.stat('notes')).toMatchObject({ bytes: 4n });
});

test('all files together have as many bytes as the limit says, and no more', () => {
  const caller = new WasiCaller({ chunk: { memoryBytesMax: 64 * KiB } });
  const a = caller.file('a', '');
  const b = caller.file('b', '');
  const KiBs = (fd: number): number => {
    for (let count = 0; ; count += 1) if (caller.write(fd, new Uint8Array(KiB)) !== 0) return count;
  };
  expect(caller.call('fd_allocate', b, 0n, BigInt(24 * KiB))).toBe(wasi.ERRNO_SUCCESS);
  expect(KiBs(a)).toBe(40);
  expect(caller.write(a, 'x')).toBe(wasi.ERRNO_NOSPC);
  expect(caller.call('fd_filestat_set_size', b, 0n)).toBe(wasi.ERRNO_SUCCESS);
  expect(KiBs(a)).toBe(24);
});

test('a deleted file gives its bytes back once nobody has it open', () => {
  const caller = new WasiCaller({ chunk: { memoryBytesMax: 64 * KiB } });
  const fds = [caller.file('a', ''), caller.descriptor('a')];
  expect(caller.call('fd_allocate', fds[0] ?? -1, 0n, BigInt(64 * KiB))).toBe(wasi.ERRNO_SUCCESS);
  const b = caller.file('b', '');
  expect(caller.onPath('path_unlink_file', 'a')).toBe(wasi.ERRNO_SUCCESS);
  for (const fd of fds) {
    expect(caller.write(b, 'x')).toBe(wasi.ERRNO_NOSPC);
    caller.call('fd_close', fd);
  }
  expect(caller.call('fd_allocate', b, 0n, BigInt(64 * KiB))).toBe(wasi.ERRNO_SUCCESS);
});

test('a file that was cut and grows again has zeros there', () => {
  const caller = new WasiCaller();
  const fd = caller.file('notes', 'secret');
  for (const bytes of [2n, 6n]) caller.call('fd_filestat_set_size', fd, bytes);
  seek(caller, fd, 0n, wasi.WHENCE_SET);
  expect(caller.read(fd)).toBe('se\0\0\0\0');
});

test('appending writes at the end, wherever the position is', () => {
  const caller = new WasiCaller();
  caller.file('log', 'one\n');
  const fd = caller.descriptor('log', { rights: rights.both, flags: wasi.FDFLAGS_APPEND });
  caller.write(caller.descriptor('log', { rights: rights.both }), 'ONE\ntwo\n');
  caller.write(fd, 'three\n');
  expect(caller.read(caller.descriptor('log'))).toBe('ONE\ntwo\nthree\n');
  caller.call('fd_fdstat_set_flags', fd, 0);
  seek(caller, fd, 0n, wasi.WHENCE_SET);
  caller.write(fd, 'Two');
  expect(caller.read(caller.descriptor('log'))).toBe('Two\ntwo\nthree\n');
});

test('a file is open for what it was opened for', () => {
  const caller = new WasiCaller();
  caller.file('notes', 'notes');
  const reader = caller.descriptor('notes', { rights: rights.read });
  const writer = caller.descriptor('notes', { rights: rights.write });
  expect(caller.write(reader, 'x')).toBe(wasi.ERRNO_BADF);
  expect(caller.call('fd_filestat_set_size', reader, 0n)).toBe(wasi.ERRNO_BADF);
  expect(caller.read(writer)).toBe(wasi.ERRNO_BADF);
  const granted = [reader, writer].map((fd) => {
    caller.call('fd_fdstat_get', fd, 0);
    return caller.view.getBigUint64(8, true) & rights.both;
  });
  expect(granted).toEqual([rights.read, rights.write]);
});

test('times are those of the epoch, unless the program sets others', () => {
  const caller = new WasiCaller();
  const fd = caller.file('notes', 'notes');
  const node = { dev: 0n, inode: 3n, type: wasi.FILETYPE_REGULAR_FILE, links: 1n, bytes: 5n };
  const epoch = { accessedNs: epochNs, modifiedNs: epochNs, changedNs: epochNs };
  new Uint8Array(caller.memory.buffer, 0, 64).fill(0xff);
  expect(caller.stat('notes')).toEqual({ ...node, ...epoch });
  const both = wasi.FSTFLAGS_ATIM | wasi.FSTFLAGS_MTIM;
  expect(caller.call('fd_filestat_set_times', fd, 2n ** 64n - 1n, 7n, both)).toBe(0);
  expect(caller.stat('notes')).toMatchObject({ accessedNs: 2n ** 64n - 1n, modifiedNs: 7n });
  const now = wasi.FSTFLAGS_ATIM_NOW | wasi.FSTFLAGS_MTIM_NOW;
  const path = caller.put('notes');
  expect(caller.call('path_filestat_set_times', 3, 0, ...path, 0n, 0n, now)).toBe(0);
  expect(caller.stat('notes')).toEqual({ ...node, ...epoch });
});
