/**
 * A grid is a certificate authority: the peers that hold its key issue their own leafs under it,
 * and can connect to each other and to nobody else. A private grid is one file with the authority's
 * certificate and key; holding it is membership.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';

import { GridError, reasonOf } from '../model/errors.ts';
import { issueAuthority } from './certificate.ts';
import { openGridPem } from './open-grid.ts';

export type Grid = {
  /** For people. Two grids may have one name; the fingerprint tells them apart. */
  readonly name: string;
  /** First 8 hexadecimal characters of the SHA-256 of the authority's certificate. */
  readonly fingerprint: string;
  /** The authority's certificate, PEM. */
  readonly certificate: string;
  /** The authority's private key: what members issue their leafs with. */
  readonly privateKey: KeyObject;
};

/**
 * @param path a grid file; undefined for the open grid
 * @throws {GridError} `grid-file-invalid`
 */
export async function loadGrid(path: string | undefined): Promise<Grid> {
  if (path === undefined) return parseGrid(openGridPem, 'the open grid');
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(path, `it can't be read: ${reasonOf(error)}`, error);
  }
  return parseGrid(pem, path);
}

const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,62}[\p{L}\p{N}])?$/u;

/**
 * Makes a new private grid.
 * @throws {GridError} `usage` for a name that won't do, `output-unwritable` if the file is there
 *   already or can't be written
 */
export async function createGridFile(path: string, name: string, unixMs: number): Promise<Grid> {
  if (!NAME.test(name)) {
    throw new GridError(
      'usage',
      "A grid's name is 1 to 64 letters, digits, spaces, dots, dashes and underscores, and " +
        `begins and ends with a letter or digit; "${name.slice(0, 80)}" is not. ` +
        'Choose another name.',
    );
  }
  const authority = await issueAuthority(name, unixMs);
  const pem = authority.certificate + authority.privateKey;
  // `wx`: an existing file is never overwritten, since a grid's key can't be made again.
  await writeNew(path, pem);
  return parseGrid(pem, path);
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw new GridError(
      'output-unwritable',
      exists
        ? `${path} is there already, and a grid file is never overwritten: its members would be ` +
            'locked out. Choose another path, or move the file away.'
        : `The grid file ${path} could not be written: ${reasonOf(error)}. Choose a path in a ` +
            'folder that exists and can be written to.',
      { cause: error },
    );
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/;

function parseGrid(pem: string, path: string): Grid {
  const certificatePem = CERTIFICATE.exec(pem)?.[0];
  const keyPem = PRIVATE_KEY.exec(pem)?.[0];
  if (certificatePem === undefined || keyPem === undefined) {
    throw invalid(
      path,
      `it has no ${certificatePem === undefined ? 'certificate' : 'private key'}`,
    );
  }
  const { certificate, privateKey } = parseBoth(certificatePem, keyPem, path);
  if (!certificate.ca) throw invalid(path, 'its certificate is not an authority');
  if (!certificate.checkPrivateKey(privateKey)) {
    throw invalid(path, 'its private key is not that of its certificate');
  }
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw invalid(path, 'its key is not an ECDSA P-256 key');
  }
  return {
    name: commonName(certificate.subject),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').slice(0, 8).toLowerCase(),
    certificate: `${certificatePem}\n`,
    privateKey,
  };
}

function parseBoth(
  certificatePem: string,
  keyPem: string,
  path: string,
): { certificate: X509Certificate; privateKey: KeyObject } {
  try {
    const certificate = new X509Certificate(certificatePem);
    return { certificate, privateKey: createPrivateKey(keyPem) };
  } catch {
    // The cause is left out: it could quote what the file holds.
    throw invalid(path, 'its certificate or private key is damaged');
  }
}

function commonName(subject: string): string {
  return /^CN=(.+)$/m.exec(subject)?.[1] ?? 'unnamed';
}

function invalid(path: string, what: string, cause?: unknown): GridError {
  return new GridError(
    'grid-file-invalid',
    `A grid file holds a grid's certificate and private key in PEM, as "manyhands grid create ` +
      `FILE" writes it; but of ${path}, ${what}. Get the file again from a member of the grid.`,
    { cause },
  );
}
