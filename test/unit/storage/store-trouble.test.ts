import { closeSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import { GridError } from '../../../src/model/errors.ts';
import { storeTrouble } from '../../../src/storage/store-trouble.ts';

test('a full disk is disk-full, whether a file or the database hits it', () => {
  const expected = {
    code: 'disk-full',
    message: 'There is no space left on the disk that holds /data; free some or use --data.',
  };
  expect(storeTrouble(writeToFullDevice(), '/data')).toMatchObject(expected);
  expect(storeTrouble(fillDatabase(), '/data')).toMatchObject(expected);
});

test.each(['EACCES', 'EPERM', 'EROFS'])('%s says that the user lacks the right', (code) => {
  const error = Object.assign(new Error(`${code}: no`), { code, syscall: 'open' });
  expect(storeTrouble(error, '/data')).toMatchObject({
    code: 'store-failed',
    message:
      `The data folder /data can't be written (${code}: no): it is not this user's, or its file ` +
      'system is read-only. Give this user the right to, or choose another folder with --data.',
  });
});

test('any other trouble of the disk is store-failed, with its reason', () => {
  const error = Object.assign(new Error('EIO: bad sector'), { code: 'EIO', syscall: 'read' });
  expect(storeTrouble(error, '/data')).toMatchObject({
    code: 'store-failed',
    message:
      'The store in /data failed (EIO: bad sector); check the disk, or choose another folder ' +
      'with --data.',
  });
});

test.each([new TypeError('a bug'), new GridError('disk-full', 'told already')])(
  'what the disk did not throw stays what it is: %s',
  (error) => {
    expect(storeTrouble(error, '/data')).toBe(error);
  },
);

function writeToFullDevice(): unknown {
  const full = openSync('/dev/full', 'w');
  try {
    return writeSync(full, 'x');
  } catch (error) {
    return error;
  } finally {
    closeSync(full);
  }
}

function fillDatabase(): unknown {
  const database = new DatabaseSync(':memory:');
  try {
    database.exec('CREATE TABLE t (v BLOB); PRAGMA max_page_count = 3');
    return database.exec('INSERT INTO t VALUES (zeroblob(100000))');
  } catch (error) {
    return error;
  } finally {
    database.close();
  }
}
