import { expect, test } from 'vitest';

import { formatAddress, isAddress, parseAddress } from '../../../src/wire/address.ts';

test.each([
  'localhost:1',
  'peer_1.compose:7000',
  'a-b.example.org:65535',
  '127.0.0.1:80',
  '[::1]:7000',
  '[2001:db8::ff]:7000',
])('%s is an address', (text) => {
  expect(isAddress(text)).toBe(true);
});

test.each([
  '',
  'localhost',
  ':7000',
  'host:',
  'host:0',
  'host:65536',
  'host:7000x',
  'host:+1',
  'ho st:7000',
  '-host:7000',
  '::1:7000',
  '[::1:7000',
  '[zz]:7000',
  '[1.2.3.4]:7000',
  'unix:/run/socket',
  'dns:///host:7000',
  'user@host:7000',
  'host/path:7000',
  `${'a'.repeat(260)}:7000`,
  'host:7000\n',
  'h\u0000st:7000',
])('%j is no address', (text) => {
  expect(isAddress(text)).toBe(false);
});

test('an address is split into host and port, and put together again', () => {
  expect(parseAddress('[::1]:7000')).toEqual({ host: '::1', port: 7000 });
  expect(parseAddress('0.0.0.0:0')).toEqual({ host: '0.0.0.0', port: 0 });
  expect(formatAddress('::1', 7000)).toBe('[::1]:7000');
  expect(formatAddress('host', 7000)).toBe('host:7000');
});
