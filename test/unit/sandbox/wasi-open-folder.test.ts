import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { programEnded } from '../../../src/sandbox/wasi-run.ts';
import { rights, WasiCaller } from '../../support/wasi-caller.ts';

const resultAt = 0;
const creates = { oflags: wasi.OFLAGS_CREAT, rights: rights.both };

test('a program makes files and folders, in the root and in its own folders', () => {
  const caller = new WasiCaller();
  expect(caller.onPath('path_create_directory', 'tmp/a')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.onPath('path_create_directory', 'tmp/a/b/')).toBe(wasi.ERRNO_SUCCESS);
  caller.file('tmp/a/b/file', 'inside');
  caller.file('beside', 'outside');
  expect(caller.list()).toEqual(['.', '..', 'tmp', 'beside']);
  const folder = caller.descriptor('tmp/a');
  expect(caller.read(caller.descriptor('b/file', { fd: folder }))).toBe('inside');
  expect(caller.open('../../beside', { fd: folder })).toBe(wasi.ERRNO_NOTCAPABLE);
});

test('opening says what is wrong', () => {
  const caller = new WasiCaller();
  caller.file('file', '');
  const { OFLAGS_CREAT: creat, OFLAGS_EXCL: excl, OFLAGS_DIRECTORY: directory } = wasi;
  expect(caller.open('none')).toBe(wasi.ERRNO_NOENT);
  expect(caller.open('file', { oflags: creat | excl })).toBe(wasi.ERRNO_EXIST);
  expect(caller.open('file', { oflags: excl })).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.open('file', { oflags: directory })).toBe(wasi.ERRNO_NOTDIR);
  expect(caller.open('new', { oflags: creat | directory })).toBe(wasi.ERRNO_INVAL);
  expect(caller.open('new/', creates)).toBe(wasi.ERRNO_ISDIR);
  expect(caller.open('none/new', creates)).toBe(wasi.ERRNO_NOENT);
  expect(caller.open('file/new', creates)).toBe(wasi.ERRNO_NOTDIR);
  expect(caller.open('tmp', { rights: rights.write })).toBe(wasi.ERRNO_ISDIR);
  expect(caller.open('tmp', { oflags: wasi.OFLAGS_TRUNC })).toBe(wasi.ERRNO_ISDIR);
  expect(caller.open('x', { fd: caller.descriptor('file') })).toBe(wasi.ERRNO_NOTDIR);
  expect(caller.open('x', { fd: 0 })).toBe(wasi.ERRNO_NOTDIR);
});

test('a folder can be neither read nor written nor sought', () => {
  const caller = new WasiCaller();
  expect(caller.read(3)).toBe(wasi.ERRNO_ISDIR);
  expect(caller.write(3, 'x')).toBe(wasi.ERRNO_NOTSUP);
  expect(caller.call('fd_seek', 3, 0n, 0, resultAt)).toBe(wasi.ERRNO_NOTSUP);
  expect(caller.call('fd_filestat_set_size', 3, 0n)).toBe(wasi.ERRNO_NOTSUP);
  expect(caller.call('fd_allocate', 3, 0n, 1n)).toBe(wasi.ERRNO_NOTSUP);
});

test('there are no links, neither hard nor symbolic', () => {
  const caller = new WasiCaller();
  caller.file('file', '');
  const [from, to] = [caller.put('file'), caller.put('link')];
  expect(caller.call('path_link', 3, 0, ...from, 3, ...to)).toBe(wasi.ERRNO_NOTSUP);
  expect(caller.call('path_symlink', ...from, 3, ...to)).toBe(wasi.ERRNO_NOTSUP);
  expect(caller.call('path_readlink', 3, ...from, 0, 8, resultAt)).toBe(wasi.ERRNO_INVAL);
  expect(caller.call('path_readlink', 3, ...to, 0, 8, resultAt)).toBe(wasi.ERRNO_NOENT);
  expect(caller.list()).toEqual(['.', '..', 'tmp', 'file']);
});

test('a listing goes on where it was when entries come and go meanwhile', () => {
  const caller = new WasiCaller();
  const names = Array.from({ length: 100 }, (_, n) => `entry-${n}`);
  for (const name of names) caller.call('fd_close', caller.file(`tmp/${name}`, ''));
  const fd = caller.descriptor('tmp');
  const seen: string[] = [];
  for (let cookie = 0n; ;) {
    const [at] = caller.put(new Uint8Array(48));
    caller.call('fd_readdir', fd, at, 48, cookie, resultAt);
    if (caller.result.u32 < 24) break;
    cookie = caller.view.getBigUint64(at, true);
    const name = caller.bytes(at + 24, caller.view.getUint32(at + 16, true)).toString();
    seen.push(name);
    if (name.startsWith('entry')) caller.onPath('path_unlink_file', `tmp/${name}`);
  }
  expect(seen).toEqual(['.', '..', ...names]);
  expect(caller.list(fd)).toEqual(['.', '..']);
});

test('listing from anywhere, into any room, is harmless', () => {
  const caller = new WasiCaller();
  const readdir = (at: number, bytes: number, cookie: bigint): unknown =>
    caller.call('fd_readdir', 3, at, bytes, cookie, resultAt);
  for (const cookie of [3n, 2n ** 53n, 2n ** 64n - 1n]) {
    expect(readdir(1024, 4096, cookie)).toBe(wasi.ERRNO_SUCCESS);
    expect(caller.result.u32).toBe(0);
  }
  expect(readdir(1024, 0, 0n)).toBe(wasi.ERRNO_SUCCESS);
  expect(readdir(1024, -1, 0n)).toBe(wasi.ERRNO_SUCCESS);
  expect(() => readdir(-16, 4096, 0n)).toThrow(programEnded);
  expect(caller.run.ended).toMatchObject({ kind: 'threw' });
});

test('no more files and folders are made than the limit allows, and room comes back', () => {
  const caller = new WasiCaller();
  let made = 0;
  while (caller.onPath('path_create_directory', `d${made}`) === wasi.ERRNO_SUCCESS) made += 1;
  // "/tmp" is one of 16,384.
  expect(made).toBe(16_383);
  expect(caller.onPath('path_create_directory', 'one-more')).toBe(wasi.ERRNO_NOSPC);
  expect(caller.open('one-more', creates)).toBe(wasi.ERRNO_NOSPC);
  expect(caller.onPath('path_remove_directory', 'd7')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.open('one-more', creates)).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.list()).toHaveLength(2 + 1 + made);
});

test('a folder as deep as can be is walked and removed', () => {
  const caller = new WasiCaller();
  let fd = 3;
  for (let depth = 0; depth < 2000; depth += 1) {
    expect(caller.call('path_create_directory', fd, ...caller.put('d'))).toBe(wasi.ERRNO_SUCCESS);
    const next = caller.descriptor('d', { fd });
    if (fd !== 3) caller.call('fd_close', fd);
    fd = next;
  }
  expect(caller.rename('d', 'tmp/d')).toBe(wasi.ERRNO_SUCCESS);
  const [from, to] = [caller.put('tmp'), caller.put('x')];
  expect(caller.call('path_rename', 3, ...from, fd, ...to)).toBe(wasi.ERRNO_INVAL);
});
