/**
 * Names of things, branded so that one cannot be passed for another. Each is a plain string at run
 * time, which makes it a cheap map key and prints as itself.
 */

import { GridError } from './errors.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/**
 * Base32 (RFC 4648, lower case, no padding) SHA-256 of a peer's public key (SPKI): 52 characters.
 */
export type PeerId = Branded<'PeerId'>;

/** Lower-case hexadecimal SHA-256 of some bytes: 64 characters. */
export type Digest = Branded<'Digest'>;

/** Digest of a job's spec (canonical CBOR): 64 hexadecimal characters. */
export type JobId = Branded<'JobId'>;

const PEER_ID = /^[a-z2-7]{52}$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** @throws {GridError} `invalid-id` */
export function peerId(text: string): PeerId {
  if (isPeerId(text)) return text;
  throw invalid(text, 'peer id', '52 characters of base32');
}

/** @throws {GridError} `invalid-id` */
export function digest(text: string): Digest {
  if (isDigest(text)) return text;
  throw invalid(text, 'digest', '64 hexadecimal characters');
}

/** @throws {GridError} `invalid-id` */
export function jobId(text: string): JobId {
  if (isJobId(text)) return text;
  throw invalid(text, 'job id', '64 hexadecimal characters');
}

function isPeerId(text: string): text is PeerId {
  return PEER_ID.test(text);
}

function isDigest(text: string): text is Digest {
  return SHA256_HEX.test(text);
}

function isJobId(text: string): text is JobId {
  return SHA256_HEX.test(text);
}

/** What people are shown: the first 8 characters. Programs get the whole id. */
export function short(id: PeerId | JobId | Digest): string {
  return id.slice(0, 8);
}

/** The same, unless it would look like the other one. */
export function shortBeside(id: Digest, other: Digest): string {
  return short(id) === short(other) ? id : short(id);
}

function invalid(text: string, what: string, expected: string): GridError {
  return new GridError(
    'invalid-id',
    `A ${what} is ${expected}, but this is "${text.slice(0, 80)}".`,
  );
}
