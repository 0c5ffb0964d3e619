import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import {
  loadIdentity,
  pemOf,
  readIdentity,
  replaceIdentity,
  temporaryIdentity,
} from '../../../src/transport/identity.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function invalid(directory: string): Promise<string> {
  const error = await gridErrorOf(loadIdentity(directory));
  expect(error.code).toBe('identity-invalid');
  return error.message;
}

test('the first start makes an identity that later starts find', async () => {
  const directory = join(tempDir(), 'data');
  const first = await loadIdentity(directory);
  const second = await loadIdentity(directory);
  expect(first.peer).toMatch(/^[a-z2-7]{52}$/);
  expect(second.peer).toBe(first.peer);
  expect(second.privateKey.equals(first.privateKey)).toBe(true);
});

test('only the owner can read the key, and nothing else is left behind', async () => {
  const directory = tempDir();
  await loadIdentity(directory);
  expect((await stat(join(directory, 'identity.pem'))).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(['identity.pem']);
});

test('two peers have two identities', () => {
  expect(temporaryIdentity().peer).not.toBe(temporaryIdentity().peer);
});

test.each([
  ['an empty file', ''],
  ['text that is no key', 'hello'],
  ['a damaged key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
])('%s is named with what to do, and left alone', async (_what, content) => {
  const directory = tempDir();
  const path = join(directory, 'identity.pem');
  await writeFile(path, content);
  const message = await invalid(directory);
  expect(message).toContain(path);
  expect(message).toContain('Restore the file from a backup');
  expect(await readFile(path, 'utf8')).toBe(content);
});

test('half a key is corrupt', async () => {
  const directory = tempDir();
  await loadIdentity(directory);
  const path = join(directory, 'identity.pem');
  const pem = await readFile(path, 'utf8');
  await writeFile(path, pem.slice(0, pem.length / 2));
  expect(await invalid(directory)).toContain('no private key');
});

test('a key of another kind is refused by name', async () => {
  const directory = tempDir();
  const path = join(directory, 'identity.pem');
  const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;
  await writeFile(path, generateKeyPairSync('ed25519').privateKey.export(pkcs8));
  expect(await invalid(directory)).toContain('another kind: ed25519');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  await writeFile(path, privateKey.export(pkcs8));
  expect(await invalid(directory)).toContain('another kind: secp384r1');
});

test('another identity takes the place of one, which is kept beside', async () => {
  const directory = tempDir();
  const first = await loadIdentity(directory);
  const second = temporaryIdentity();
  const aside = await replaceIdentity(directory, second);
  expect((await readIdentity(directory))?.peer).toBe(second.peer);
  expect(await readFile(aside, 'utf8')).toBe(pemOf(first));
  expect((await stat(aside)).mode & 0o777).toBe(0o600);
  expect((await readdir(directory)).length).toBe(2);
});

test.each([
  ['can not be written', (directory: string) => mkdir(pathOfNew(directory))],
  ['has nothing to replace', (directory: string) => rm(join(directory, 'identity.pem'))],
])('another identity that %s leaves what was there as it was', async (_what, hinder) => {
  const directory = tempDir();
  await loadIdentity(directory);
  await hinder(directory);
  const before = await readIdentity(directory);
  const error = await gridErrorOf(replaceIdentity(directory, temporaryIdentity()));
  expect(error.message).toMatch(/identity could not be written to .*identity\.pem/);
  expect((await readIdentity(directory))?.peer).toBe(before?.peer);
});

test('what is no readable file is said so', async () => {
  const directory = tempDir();
  await mkdir(join(directory, 'identity.pem'));
  expect(await invalid(directory)).toContain("can't be read");
});

test('a data directory that can not be made is said so', async () => {
  const directory = tempDir();
  await writeFile(join(directory, 'data'), 'a file');
  expect(await invalid(join(directory, 'data', 'below'))).toMatch(/identity .*below/);
});

/** Where the next one is written before it gets its name. */
function pathOfNew(directory: string): string {
  return join(directory, `identity.pem.${process.pid}.new`);
}
