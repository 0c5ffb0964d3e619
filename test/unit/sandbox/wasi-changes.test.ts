import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { rights, WasiCaller } from '../../support/wasi-caller.ts';

/** In its scratch folder: folder/inner, folder/file, empty, and other. */
function filled(): WasiCaller {
  const caller = new WasiCaller();
  for (const path of ['tmp/folder', 'tmp/folder/inner', 'tmp/empty']) {
    expect(caller.onPath('path_create_directory', path)).toBe(wasi.ERRNO_SUCCESS);
  }
  caller.file('tmp/folder/file', 'file');
  caller.file('tmp/other', 'other');
  return caller;
}

test('files and folders get new names and places', () => {
  const caller = filled();
  expect(caller.rename('tmp/folder/file', 'moved')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.rename('tmp/folder', 'tmp/empty/folder')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.list()).toEqual(['.', '..', 'tmp', 'moved']);
  expect(caller.list(caller.descriptor('tmp'))).toEqual(['.', '..', 'empty', 'other']);
  expect(caller.list(caller.descriptor('tmp/empty/folder'))).toEqual(['.', '..', 'inner']);
});

test('a new name replaces a file by a file, and an empty folder by a folder', () => {
  const caller = filled();
  expect(caller.rename('tmp/folder/file', 'tmp/other')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.read(caller.descriptor('tmp/other'))).toBe('file');
  expect(caller.rename('tmp/folder', 'tmp/empty')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.list(caller.descriptor('tmp'))).toEqual(['.', '..', 'other', 'empty']);
  expect(caller.rename('tmp/other', 'tmp/other')).toBe(wasi.ERRNO_SUCCESS);
});

test.each([
  ['tmp/none', 'tmp/new', wasi.ERRNO_NOENT],
  ['tmp/other', 'tmp/none/new', wasi.ERRNO_NOENT],
  ['tmp/other', 'tmp/folder', wasi.ERRNO_ISDIR],
  ['tmp/other', 'tmp/new/', wasi.ERRNO_NOTDIR],
  ['tmp/other/', 'tmp/new', wasi.ERRNO_NOTDIR],
  ['tmp/folder', 'tmp/other', wasi.ERRNO_NOTDIR],
  ['tmp/empty', 'tmp/folder', wasi.ERRNO_NOTEMPTY],
  ['tmp/folder', 'tmp/folder/self', wasi.ERRNO_INVAL],
  ['tmp/folder', 'tmp/folder/inner/deeper', wasi.ERRNO_INVAL],
  ['tmp', 'tmp/tmp', wasi.ERRNO_INVAL],
  ['.', 'tmp/root', wasi.ERRNO_INVAL],
  ['tmp/other', '.', wasi.ERRNO_INVAL],
  ['tmp/other', '..', wasi.ERRNO_NOTCAPABLE],
  ['tmp/other', '/other', wasi.ERRNO_NOTCAPABLE],
])('"%s" is not renamed to "%s"', (from, to, errno) => {
  const caller = filled();
  expect(caller.rename(from, to)).toBe(errno);
  expect(caller.list(caller.descriptor('tmp'))).toEqual(['.', '..', 'folder', 'empty', 'other']);
});

test.each([
  ['path_unlink_file', 'tmp/folder', wasi.ERRNO_ISDIR],
  ['path_unlink_file', 'tmp/none', wasi.ERRNO_NOENT],
  ['path_remove_directory', 'tmp/other', wasi.ERRNO_NOTDIR],
  ['path_remove_directory', 'tmp/folder', wasi.ERRNO_NOTEMPTY],
  ['path_remove_directory', 'tmp/none', wasi.ERRNO_NOENT],
  ['path_remove_directory', '.', wasi.ERRNO_INVAL],
  ['path_remove_directory', 'tmp/..', wasi.ERRNO_INVAL],
  ['path_create_directory', 'tmp/other', wasi.ERRNO_EXIST],
  ['path_create_directory', '.', wasi.ERRNO_EXIST],
  ['path_create_directory', 'tmp/none/new', wasi.ERRNO_NOENT],
])('%s of "%s" is refused', (name, path, errno) => {
  expect(filled().onPath(name, path)).toBe(errno);
});

test('nothing can be made in a folder that was removed', () => {
  const caller = filled();
  const fd = caller.descriptor('tmp/empty');
  expect(caller.onPath('path_remove_directory', 'tmp/empty')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.open('new', { fd, oflags: wasi.OFLAGS_CREAT })).toBe(wasi.ERRNO_NOENT);
  expect(caller.call('path_create_directory', fd, ...caller.put('new'))).toBe(wasi.ERRNO_NOENT);
  const [from, to] = [caller.put('tmp/other'), caller.put('new')];
  expect(caller.call('path_rename', 3, ...from, fd, ...to)).toBe(wasi.ERRNO_NOENT);
  expect(caller.list(fd)).toEqual(['.', '..']);
});

test('a replaced file stays with who has it open', () => {
  const caller = filled();
  const fd = caller.descriptor('tmp/other', { rights: rights.both });
  expect(caller.rename('tmp/folder/file', 'tmp/other')).toBe(wasi.ERRNO_SUCCESS);
  expect(caller.read(fd)).toBe('other');
});

test('between what is no folder nothing is renamed', () => {
  const caller = filled();
  const [from, to] = [caller.put('tmp/other'), caller.put('new')];
  expect(caller.call('path_rename', 0, ...from, 3, ...to)).toBe(wasi.ERRNO_NOTDIR);
  expect(caller.call('path_rename', 3, ...from, 1, ...to)).toBe(wasi.ERRNO_NOTDIR);
  expect(caller.call('path_rename', 3, ...from, 99, ...to)).toBe(wasi.ERRNO_BADF);
});
