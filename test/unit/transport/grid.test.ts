import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { issueLeaf, leafDnsName } from '../../../src/transport/certificate.ts';
import { createGridFile, loadGrid } from '../../../src/transport/grid.ts';
import { temporaryIdentity } from '../../../src/transport/identity.ts';
import { gridErrorOf } from '../../support/grid-error-of.ts';
import { tempDir } from '../../support/temp-dir.ts';

const now = Date.now();
const yearMs = 365 * 24 * 3600 * 1000;

test('without a file a peer is in the open grid, for the next 50 years', async () => {
  const grid = await loadGrid(undefined);
  expect(grid.name).toBe('open');
  expect(grid.fingerprint).toMatch(/^[0-9a-f]{8}$/);
  const certificate = new X509Certificate(grid.certificate);
  expect(certificate.validFromDate.getTime()).toBeLessThan(now);
  expect(certificate.validToDate.getTime()).toBeGreaterThan(now + 50 * yearMs);
});

test('a grid file is read back as the grid that was made', async () => {
  const path = join(tempDir(), 'grid.pem');
  const made = await createGridFile(path, 'Käse lab 2.0', now);
  const { name, fingerprint, certificate } = await loadGrid(path);
  expect({ name, fingerprint, certificate }).toEqual({
    name: 'Käse lab 2.0',
    fingerprint: made.fingerprint,
    certificate: made.certificate,
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('two grids of one name differ in their fingerprints', async () => {
  const directory = tempDir();
  const one = await createGridFile(join(directory, '1'), 'lab', now);
  const two = await createGridFile(join(directory, '2'), 'lab', now);
  expect(one.fingerprint).not.toBe(two.fingerprint);
});

test('an existing file is never overwritten', async () => {
  const path = join(tempDir(), 'grid.pem');
  await createGridFile(path, 'lab', now);
  const before = await readFile(path, 'utf8');
  const error = await gridErrorOf(createGridFile(path, 'lab', now));
  expect(error.code).toBe('output-unwritable');
  expect(error.message).toContain('never overwritten');
  expect(await readFile(path, 'utf8')).toBe(before);
});

test('a folder that is not there is said so', async () => {
  const error = await gridErrorOf(createGridFile(join(tempDir(), 'no', 'grid.pem'), 'lab', now));
  expect(error.code).toBe('output-unwritable');
});

test.each(['', ' lab', 'lab ', 'a\nb', 'CN=x,O=y', 'x'.repeat(65), 'a/b'])(
  'the name %j is refused',
  async (name) => {
    const error = await gridErrorOf(createGridFile(join(tempDir(), 'grid.pem'), name, now));
    expect(error.code).toBe('usage');
  },
);

test('what is no grid file is named with what to do', async () => {
  const directory = tempDir();
  const path = join(directory, 'grid.pem');
  const grid = await createGridFile(join(directory, 'good'), 'lab', now);
  const good = await readFile(join(directory, 'good'), 'utf8');
  const [certificate = '', key = ''] = good.split(/(?=-----BEGIN PRIVATE)/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const otherKey = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const identity = temporaryIdentity();
  const leaf = await issueLeaf(identity.peer, identity.key, grid, now);
  const cases: [string, RegExp][] = [
    ['', /no certificate/],
    [key, /no certificate/],
    [certificate, /no private key/],
    [certificate + otherKey, /private key is not that of its certificate/],
    [certificate.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA') + key, /damaged/],
    [leaf + otherKey, /not an authority/],
  ];
  for (const [content, reason] of cases) {
    await writeFile(path, content);
    const error = await gridErrorOf(loadGrid(path));
    expect(error.code).toBe('grid-file-invalid');
    expect(error.message).toMatch(reason);
    expect(error.message).toContain('from a member of the grid');
    expect(error.message).not.toContain('PRIVATE KEY');
  }
  expect((await gridErrorOf(loadGrid(join(directory, 'missing')))).code).toBe('grid-file-invalid');
});

test("a leaf carries the peer's key and the fixed name, and is the authority's", async () => {
  const grid = await loadGrid(undefined);
  const identity = temporaryIdentity();
  const pem = await issueLeaf(identity.peer, identity.key, grid, now);
  const leaf = new X509Certificate(pem);
  expect(leaf.checkPrivateKey(identity.privateKey)).toBe(true);
  expect(leaf.verify(new X509Certificate(grid.certificate).publicKey)).toBe(true);
  expect(leaf.checkHost(leafDnsName)).toBe(leafDnsName);
  expect(leaf.ca).toBe(false);
  // Clocks of other machines may be a day behind.
  expect(leaf.validFromDate.getTime()).toBeLessThanOrEqual(now - 24 * 3600 * 1000);
  const again = new X509Certificate(await issueLeaf(identity.peer, identity.key, grid, now));
  expect(again.serialNumber).not.toBe(leaf.serialNumber);
});
