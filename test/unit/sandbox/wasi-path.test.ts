import { wasi } from '@bjorn3/browser_wasi_shim';
import { expect, test } from 'vitest';

import { WasiData } from '../../../src/sandbox/wasi-data.ts';
import { findPlace } from '../../../src/sandbox/wasi-path.ts';
import { WasiFolder } from '../../../src/sandbox/wasi-files.ts';

const { root } = new WasiData([
  { path: 'a/b/file', bytes: Uint8Array.of(1) },
  { path: 'top', bytes: Uint8Array.of(2) },
]).rootFor(1024);

function folderAt(name: string, base: WasiFolder): WasiFolder {
  const node = base.get(name);
  if (!(node instanceof WasiFolder)) throw new Error(`no folder ${name}`);
  return node;
}

const a = folderAt('a', root);
const b = folderAt('b', a);

test.each([
  ['top', root, 'top'],
  ['./top', root, 'top'],
  ['a/b/file', b, 'file'],
  ['a//b/./file', b, 'file'],
  ['a/../top', root, 'top'],
  ['a/b/../../top', root, 'top'],
  ['new', root, 'new'],
  ['a/new', a, 'new'],
  ['a/b/', a, 'b'],
  ['.', root, ''],
  ['a/..', root, ''],
  ['a/b/..', a, ''],
])('"%s" is found where it is', (path, folder, name) => {
  const place = findPlace(root, path);
  expect(place).toMatchObject({ name });
  expect(typeof place === 'number' || place.folder === folder).toBe(true);
  expect(typeof place === 'number' || place.node).toBe(name === '' ? folder : folder.get(name));
});

test.each([
  ['', wasi.ERRNO_NOENT],
  ['/', wasi.ERRNO_NOTCAPABLE],
  ['/top', wasi.ERRNO_NOTCAPABLE],
  ['//top', wasi.ERRNO_NOTCAPABLE],
  ['..', wasi.ERRNO_NOTCAPABLE],
  ['../top', wasi.ERRNO_NOTCAPABLE],
  ['a/../../top', wasi.ERRNO_NOTCAPABLE],
  ['../../../../../../etc/passwd', wasi.ERRNO_NOTCAPABLE],
  ['none/file', wasi.ERRNO_NOENT],
  ['none/../top', wasi.ERRNO_NOENT],
  ['top/x', wasi.ERRNO_NOTDIR],
  ['top/..', wasi.ERRNO_NOTDIR],
  ['top/', wasi.ERRNO_NOTDIR],
  ['top/.', wasi.ERRNO_NOTDIR],
  ['to\0p', wasi.ERRNO_INVAL],
  ['x'.repeat(256), wasi.ERRNO_NAMETOOLONG],
  [`${'x'.repeat(256)}/y`, wasi.ERRNO_NAMETOOLONG],
  // Names are names, also those that mean something elsewhere.
  ['__proto__/x', wasi.ERRNO_NOENT],
  ['constructor/prototype', wasi.ERRNO_NOENT],
  ['..\\top/x', wasi.ERRNO_NOENT],
  ['%2e%2e/top', wasi.ERRNO_NOENT],
])('"%s" leads nowhere', (path, errno) => {
  expect(findPlace(root, path)).toBe(errno);
});

test('a path does not lead out of the folder that it is relative to', () => {
  expect(findPlace(b, '..')).toBe(wasi.ERRNO_NOTCAPABLE);
  expect(findPlace(b, '../b/file')).toBe(wasi.ERRNO_NOTCAPABLE);
  expect(findPlace(b, 'file')).toMatchObject({ folder: b, name: 'file' });
});

test('a name of 255 characters is one', () => {
  expect(findPlace(root, 'x'.repeat(255))).toMatchObject({ node: undefined });
});
