import { expect, test } from 'vitest';

import { loadGrid } from '../../../src/transport/grid.ts';
import { handshakeReason } from '../../../src/transport/tls.ts';

const grid = await loadGrid(undefined);
const label = `grid "open" (${grid.fingerprint})`;

/** Texts and codes as Node 26 and OpenSSL 3 give them. */
test.each<[string, string | undefined, string]>([
  ['Error: unable to verify the first certificate', undefined, 'its certificate is not one of'],
  ['self-signed certificate in certificate chain', undefined, 'its certificate is not one of'],
  ['unable to get local issuer certificate', undefined, 'its certificate is not one of'],
  ['certificate signature failure', undefined, 'its certificate is not one of'],
  ['socket hang up', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not one of'],
  ['ssl/tls alert unknown ca', undefined, 'it does not accept certificates of'],
  ['ssl/tls alert bad certificate', undefined, 'it does not accept certificates of'],
])('%s (%s) is another grid', (text, authorizationError, reason) => {
  const said = handshakeReason(new Error(text), authorizationError, grid);
  expect(said).toMatch(/^belongs to another grid: /);
  expect(said).toContain(`${reason} ${label}`);
});

test.each<[string, string]>([
  ['certificate has expired', 'check the clocks of both machines'],
  ['certificate is not yet valid', 'check the clocks of both machines'],
  ['peer did not return a certificate', 'showed no certificate'],
  ['wrong version number', 'does not speak TLS 1.3'],
  ['http request', 'does not speak TLS 1.3'],
  ['TLS handshake timeout', 'did not complete the TLS handshake in time'],
  ['read ECONNRESET', 'closed the connection during the handshake'],
])('%s is told in plain words', (text, reason) => {
  expect(handshakeReason(new Error(text), undefined, grid)).toContain(reason);
});

test('what is not known is told as it came, without what a terminal would act on', () => {
  expect(handshakeReason(new Error('odd\u001b[31m'), undefined, grid)).toBe('odd\ufffd[31m');
});
