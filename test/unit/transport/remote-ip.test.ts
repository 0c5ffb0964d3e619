import { expect, test } from 'vitest';

import { remoteIp } from '../../../src/transport/remote-ip.ts';

test.each([
  ['10.1.2.3:7000', '10.1.2.3'],
  ['2001:db8::1:7000', '2001:db8::1'],
  ['[2001:db8::1]:7000', '2001:db8::1'],
  ['::ffff:10.1.2.3:7000', '10.1.2.3'],
])('%s is %s', (name, ip) => {
  expect(remoteIp(name)).toBe(ip);
});

test.each([
  ['[2001:DB8:0:0:0:0:0:1]:7000', '2001:db8::1'],
  ['[::ffff:a01:203]:7000', '10.1.2.3'],
  ['[0:0:0:0:0:FFFF:10.1.2.3]:7000', '10.1.2.3'],
  ['fe80::1%eth0:7000', 'fe80::1'],
])('however an address is written, it is one: %s', (name, ip) => {
  expect(remoteIp(name)).toBe(ip);
});

test.each(['unknown', '', 'dns:///peer.example:7000', 'peer.example:7000', '::x:1'])(
  'what is no IP address is none: %s',
  (name) => {
    expect(remoteIp(name)).toBe('');
  },
);
