import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { WasiData } from '../../../src/sandbox/wasi-data.ts';
import { rights, WasiCaller } from '../../support/wasi-caller.ts';

const bytes = Buffer.from('some data');
const files = [
  { path: 'words.txt', bytes },
  { path: 'deep/er/still.bin', bytes },
];

test('data files are where their paths say, in their order, a scratch folder after them', () => {
  const caller = new WasiCaller({ files });
  expect(caller.list()).toEqual(['.', '..', 'words.txt', 'deep', 'tmp']);
  expect(caller.list(caller.descriptor('deep'))).toEqual(['.', '..', 'er']);
  expect(caller.read(caller.descriptor('deep/er/still.bin'))).toBe('some data');
  expect(caller.list(caller.descriptor('tmp'))).toEqual(['.', '..']);
});

test('without data files there is the scratch folder alone', () => {
  expect(new WasiCaller().list()).toEqual(['.', '..', 'tmp']);
});

test('a job may bring a "tmp" of its own', () => {
  const caller = new WasiCaller({ files: [{ path: 'tmp/data', bytes }] });
  expect(caller.list(caller.descriptor('tmp'))).toEqual(['.', '..', 'data']);
  expect(caller.open('tmp/new', { oflags: wasi.OFLAGS_CREAT })).toBe(wasi.ERRNO_ROFS);
});

test('data files and their folders can be changed in no way', () => {
  const caller = new WasiCaller({ files });
  for (const path of ['words.txt', 'deep/er/still.bin']) {
    expect(caller.open(path, { rights: rights.write })).toBe(wasi.ERRNO_ROFS);
    expect(caller.open(path, { oflags: wasi.OFLAGS_TRUNC })).toBe(wasi.ERRNO_ROFS);
    expect(caller.onPath('path_unlink_file', path)).toBe(wasi.ERRNO_ROFS);
    expect(caller.rename(path, 'tmp/mine')).toBe(wasi.ERRNO_ROFS);
    expect(caller.call('path_filestat_set_times', 3, 0, ...caller.put(path), 1n, 1n, 5)).toBe(
      wasi.ERRNO_ROFS,
    );
    caller.file('mine', 'changed');
    expect(caller.rename('mine', path)).toBe(wasi.ERRNO_ROFS);
    const fd = caller.descriptor(path);
    expect(caller.write(fd, 'changed')).toBe(wasi.ERRNO_BADF);
    expect(caller.call('fd_pwrite', fd, ...caller.putBuffers([0, 4]), 0n, 0)).toBe(wasi.ERRNO_BADF);
    expect(caller.call('fd_filestat_set_size', fd, 0n)).toBe(wasi.ERRNO_BADF);
    expect(caller.call('fd_allocate', fd, 0n, 100n)).toBe(wasi.ERRNO_BADF);
    expect(caller.call('fd_filestat_set_times', fd, 1n, 1n, 5)).toBe(wasi.ERRNO_ROFS);
    expect(caller.read(fd)).toBe('some data');
  }
  expect(caller.open('deep/new', { oflags: wasi.OFLAGS_CREAT })).toBe(wasi.ERRNO_ROFS);
  expect(caller.onPath('path_create_directory', 'deep/er/new')).toBe(wasi.ERRNO_ROFS);
  expect(caller.onPath('path_remove_directory', 'deep/er')).toBe(wasi.ERRNO_ROFS);
  expect(caller.rename('deep', 'shallow')).toBe(wasi.ERRNO_ROFS);
  expect(caller.rename('mine', 'deep/mine')).toBe(wasi.ERRNO_ROFS);
  expect(bytes.toString()).toBe('some data');
});

test('what one run makes of its own is not there for the next, nor are its inodes', () => {
  const data = new WasiData(files);
  const inodes = [1, 2].map(() => {
    const { root, space } = data.rootFor(1024);
    expect(root.get('mine')).toBeUndefined();
    const inode = space.takeNode();
    if (inode === undefined) throw new Error('no room');
    root.add('mine', root);
    return [root.inode, root.get('words.txt')?.inode, root.get('tmp')?.inode, inode];
  });
  expect(inodes).toEqual([
    [1, 2, 6, 7],
    [1, 2, 6, 7],
  ]);
});

test.each([
  [['']],
  [['/absolute']],
  [['a//b']],
  [['a/']],
  [['.']],
  [['../up']],
  [['a/../b']],
  [['same', 'same']],
  [['a', 'a/b']],
  [['a/b', 'a']],
])('data files %j are refused', (paths) => {
  expect(() => new WasiData(paths.map((path) => ({ path, bytes })))).toThrow(/data file/);
});
