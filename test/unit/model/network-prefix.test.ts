import { describe, expect, test } from 'vitest';

import { addressPrefix, addressPrefixes, hostPrefix } from '../../../src/model/network-prefix.ts';

describe('the prefix of an address', () => {
  test.each([
    ['8.8.4.4:1', '8.8'],
    ['172.15.0.1:1', '172.15'],
    ['172.32.0.1:1', '172.32'],
    ['100.63.0.1:1', '100.63'],
    ['192.167.0.1:65535', '192.167'],
    ['[2001:db8:1:2::3]:1', '2001:db8'],
    ['[2001:DB8::]:1', '2001:db8'],
    ['[2a00::1]:1', '2a00:0'],
    ['[::ffff:8.8.4.4]:1', '8.8'],
    ['[::ffff:808:404]:1', '8.8'],
    ['peer.example.org:1', 'example.org'],
    ['a.b.c.Example.ORG.:1', 'example.org'],
    ['example.org:1', 'example.org'],
  ])('%s is in %s', (address, prefix) => {
    expect(addressPrefix(address)).toBe(prefix);
  });

  test.each([
    ['127.0.0.1:1'],
    ['10.1.2.3:1'],
    ['172.16.0.1:1'],
    ['172.31.255.255:1'],
    ['192.168.0.1:1'],
    ['169.254.1.1:1'],
    ['100.64.0.1:1'],
    ['0.0.0.0:1'],
    ['[::1]:1'],
    ['[::]:1'],
    ['[fe80::1]:1'],
    ['[fd00:1::2]:1'],
    ['[fc00::]:1'],
    ['[::ffff:10.0.0.1]:1'],
    ['localhost:1'],
    ['peer7:1'],
    ['kitchen.local:1'],
    ['db.internal:1'],
  ])('%s only means something nearby', (address) => {
    expect(addressPrefix(address)).toBeUndefined();
  });

  test.each([
    ['134744072:1'],
    ['0x08080404:1'],
    ['8.8.1028:1'],
    ['8.8.4.0x4:1'],
    ['256.1.1.1:1'],
    ['1.2.3.4.5:1'],
    ['[1:2:3]:1'],
    ['[1::2::3]:1'],
    ['[1:2:3:4:5:6:7:8:9]:1'],
    ['[12345::]:1'],
  ])('%s, which only some resolvers take, counts with all that is like it', (address) => {
    expect(addressPrefix(address)).toBe('number');
  });
});

test('a connection’s IP address has the prefix that an address with it has', () => {
  expect(hostPrefix('8.8.4.4')).toBe('8.8');
  expect(hostPrefix('::ffff:8.8.4.4')).toBe('8.8');
  expect(hostPrefix('2001:db8::5')).toBe('2001:db8');
  expect(hostPrefix('fe80::1%eth0')).toBeUndefined();
});

test('several addresses have each of their prefixes once', () => {
  const addresses = ['10.0.0.1:1', '8.8.1.1:1', '8.8.2.2:1', '[2001:db8::1]:1'];
  expect(addressPrefixes(addresses)).toEqual(['8.8', '2001:db8']);
});
