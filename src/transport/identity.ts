/**
 * A peer's identity: an ECDSA P-256 key pair, made on first start and kept in one file. The peer's
 * id is the digest of the public key, so whoever holds the file is the peer.
 */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { copyFile, constants, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { GridError, reasonOf } from '../model/errors.ts';
import { type PeerKey, peerKeyOf } from '../wire/peer-key.ts';

export type Identity = PeerKey & { readonly privateKey: KeyObject };

/**
 * Reads `identity.pem` of a data directory, and makes it if there is none.
 * @throws {GridError} `identity-invalid`
 */
export async function loadIdentity(dataDirectory: string): Promise<Identity> {
  const present = await readIdentity(dataDirectory);
  if (present !== undefined) return present;
  const made = temporaryIdentity();
  await keepIdentity(dataDirectory, made);
  return made;
}

/**
 * The same where there is one.
 * @throws {GridError} `identity-invalid`
 */
export async function readIdentity(dataDirectory: string): Promise<Identity | undefined> {
  const path = pathIn(dataDirectory);
  const pem = await readIfThere(path);
  return pem === undefined ? undefined : parseIdentity(path, pem);
}

/** The private key, as it is kept. */
export function pemOf({ privateKey }: Identity): string {
  return privateKey.export({ format: 'pem', type: 'pkcs8' });
}

/** @returns undefined for what `pemOf` has not written */
export function identityFromPem(pem: string): Identity | undefined {
  try {
    return parseIdentity('', pem);
  } catch {
    return undefined;
  }
}

function pathIn(dataDirectory: string): string {
  return join(dataDirectory, 'identity.pem');
}

/** An identity that lasts as long as the process, for peers that leave nothing behind. */
export function temporaryIdentity(): Identity {
  return identityOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw invalid(path, `it can't be read: ${reasonOf(error)}`, error);
  }
}

function parseIdentity(path: string, pem: string): Identity {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // The cause is left out: it could quote what the file holds.
    throw invalid(path, 'it holds no private key that could be read');
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    const { namedCurve } = key.asymmetricKeyDetails ?? {};
    throw invalid(path, `its key is of another kind: ${namedCurve ?? key.asymmetricKeyType}`);
  }
  return identityOf(key);
}

function identityOf(privateKey: KeyObject): Identity {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const peerKey = peerKeyOf(spki);
  if (peerKey === undefined) throw new Error(`a key of ${spki.length} bytes is no peer's`);
  return { ...peerKey, privateKey };
}

/** Written beside and renamed, so that a crash leaves either no identity or a whole one. */
export async function keepIdentity(dataDirectory: string, identity: Identity): Promise<void> {
  await writeIdentity(dataDirectory, identity, async () => undefined);
}

/**
 * The same where one is, of whatever kind: it is copied aside, and then the new one takes its name.
 * So there is a key under it at any moment. Not every file system could give it a second name.
 * @returns where the other one is then
 */
export async function replaceIdentity(dataDirectory: string, identity: Identity): Promise<string> {
  const path = pathIn(dataDirectory);
  const aside = `${path}.${Date.now()}.old`;
  await writeIdentity(dataDirectory, identity, () => copySynced(path, aside));
  return aside;
}

/** @param beforeRename done when the new one is written beside */
async function writeIdentity(
  dataDirectory: string,
  identity: Identity,
  beforeRename: () => Promise<void>,
): Promise<void> {
  const path = pathIn(dataDirectory);
  const beside = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(pemOf(identity));
      await file.sync();
    } finally {
      await file.close();
    }
    await beforeRename();
    await rename(beside, path);
    await syncFolder(dirname(path));
  } catch (error) {
    // On a disk in trouble that may fail as well, and is not what to tell of.
    await rm(beside, { force: true }).catch(() => undefined);
    throw new GridError(
      'identity-invalid',
      `This peer's identity could not be written to ${path}: ${reasonOf(error)}. Make room or ` +
        'give write permission there, or choose another data directory.',
      { cause: error },
    );
  }
}

async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL);
  const copy = await open(to, 'r+');
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
}

/** Else a power failure could take the name again, and the next start would make a new peer. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function invalid(path: string, what: string, cause?: unknown): GridError {
  return new GridError(
    'identity-invalid',
    `The identity file ${path} should hold this peer's ECDSA P-256 private key in PEM, but ` +
      `${what}. ` +
      'Restore the file from a backup, with `manyhands import FILE --force`; or move it away, ' +
      'and the next start makes a new identity, which others know nothing about yet.',
    { cause },
  );
}
