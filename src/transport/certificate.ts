/**
 * The X.509 certificates of a grid: its authority, and the leaf that each peer issues to itself
 * under it. They exist so that plain mutual TLS of any implementation lets grid members in and
 * keeps others out; who a peer is comes from its leaf's key alone.
 */

// Must come before @peculiar/x509, whose dependency injection needs it.
import 'reflect-metadata';

import { KeyObject, randomBytes, webcrypto } from 'node:crypto';

import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/**
 * Every leaf's subject alternative name, and the server name that every dialler gives: Node accepts
 * no IP address there, and a peer's address says nothing about who it is.
 */
export const leafDnsName = 'peer.manyhands.internal';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };

const dayMs = 24 * 3600 * 1000;
const yearMs = 365 * dayMs;
/** A grid lives as long as its file; there is nobody to renew it. */
const authorityYears = 100;
/** Issued anew at each start, so this only bounds how long one start may last. */
const leafYears = 10;
/** Clocks of volunteers' machines may be behind by this much. */
const clockBehindMs = dayMs;

/** A new authority, as PEM. */
export async function issueAuthority(
  gridName: string,
  unixMs: number,
): Promise<{ certificate: string; privateKey: string }> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [gridName] }],
    notBefore: new Date(unixMs - clockBehindMs),
    notAfter: new Date(unixMs + authorityYears * yearMs),
    keys,
    signingAlgorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: KeyObject.from(keys.privateKey).export({ format: 'pem', type: 'pkcs8' }),
  };
}

/** A leaf for the holder of a public key, as PEM. */
export async function issueLeaf(
  subject: string,
  publicKey: KeyObject,
  authority: { readonly certificate: string; readonly privateKey: KeyObject },
  unixMs: number,
): Promise<string> {
  const issuer = new X509Certificate(authority.certificate);
  const subjectKey = publicKey.toCryptoKey(ecdsa, true, ['verify']);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension([{ type: 'dns', value: leafDnsName }]),
    await SubjectKeyIdentifierExtension.create(subjectKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
  const leaf = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [subject] }],
    issuer: issuer.subjectName,
    notBefore: new Date(unixMs - clockBehindMs),
    notAfter: new Date(unixMs + leafYears * yearMs),
    publicKey: subjectKey,
    signingKey: authority.privateKey.toCryptoKey(ecdsa, false, ['sign']),
    signingAlgorithm,
    extensions,
  });
  return `${leaf.toString('pem')}\n`;
}

/** Positive, and unlike any other. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('hex');
}
