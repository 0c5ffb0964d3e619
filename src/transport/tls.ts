/**
 * Mutual TLS 1.3 under the grid's authority, and plain words for why it failed. TLS libraries say
 * "unable to verify the first certificate"; people need to hear that it is another grid.
 */

import { constants, X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TlsOptions,
} from 'node:tls';

import { reasonOf } from '../model/errors.ts';
import { printable } from '../wire/bounds.ts';
import { type PeerKey, peerKeyOf } from '../wire/peer-key.ts';
import type { Grid } from './grid.ts';
import type { Identity } from './identity.ts';

type Credentials = {
  readonly identity: Identity;
  readonly grid: Grid;
  /** The identity's leaf under the grid's authority, PEM. */
  readonly leaf: string;
};

/** Long enough for a slow link; a stranger holds one of `handshakesMax` places for no longer. */
const handshakeMsMax = 10_000;

export function serverTlsOptions(credentials: Credentials): TlsOptions {
  return {
    ...material(credentials),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ['h2'],
    handshakeTimeout: handshakeMsMax,
    // A resumed session skips the certificate; here every connection shows its own.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

export function clientSecureContext(credentials: Credentials): SecureContext {
  return createSecureContext(material(credentials));
}

function material({ grid, identity, leaf }: Credentials): TlsOptions {
  return {
    ca: grid.certificate,
    cert: leaf,
    key: identity.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    minVersion: 'TLSv1.3',
  };
}

/**
 * Who holds the key of a verified leaf.
 * @returns undefined without a certificate, or if its key is no peer's
 */
export function peerOfCertificate(certificate: PeerCertificate | undefined): PeerKey | undefined {
  if (certificate?.raw === undefined) return undefined;
  const { publicKey } = new X509Certificate(certificate.raw);
  return peerKeyOf(publicKey.export({ format: 'der', type: 'spki' }));
}

/**
 * Why a handshake failed, for a person, as the predicate of "the other side ...".
 * @param error what was thrown, or the text of it
 * @param authorizationError what the check of the other side's certificate found
 */
export function handshakeReason(error: unknown, authorizationError: unknown, grid: Grid): string {
  const text = `${codeOf(error)} ${reasonOf(error)} ${codeOf(authorizationError)}`;
  for (const [pattern, reason] of reasons) {
    if (pattern.test(text))
      return reason.replace('GRID', `grid "${grid.name}" (${grid.fingerprint})`);
  }
  return printable(reasonOf(error), 'one-line').slice(0, 200);
}

function codeOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The first that fits. Texts are those of OpenSSL 3 and Node. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /did.not.return.a.certificate|certificate.required/i,
    'showed no certificate, so it is no member of GRID',
  ],
  [
    /expired|not.yet.valid/i,
    'has a certificate that is not valid at this time; check the clocks of both machines',
  ],
  [
    /unknown.ca|alert.bad.certificate|decrypt.error/i,
    'belongs to another grid: it does not accept certificates of GRID',
  ],
  [
    /verify.*leaf|verify.the.first|self.?signed|issuer.cert|signature.failure|certificate.unknown/i,
    'belongs to another grid: its certificate is not one of GRID',
  ],
  [
    /wrong.version|http.request|packet.length|unsupported.protocol|alert.protocol|record/i,
    'does not speak TLS 1.3, so it is no manyhands peer',
  ],
  [/timed?.?out|ETIMEDOUT/i, 'did not complete the TLS handshake in time'],
  [
    /ECONNRESET|hang up|disconnected|socket.closed|EPIPE/i,
    'closed the connection during the handshake: it belongs to another grid than GRID, or meant ' +
      'another peer',
  ],
];
